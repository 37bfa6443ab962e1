import { beforeEach, describe, expect, test } from "vitest";
import { isSheet, Panels, type Panel } from "../src/state/panels";

let panels: Panels;
const shown = (): Panel => panels.shown.peek();
const tab = (name: string) => ({ kind: "tab", tab: name });

beforeEach(() => {
  panels = new Panels(true);
});

describe("one thing stands beside the picture", () => {
  test("the notes at first, or nothing on a narrow page", () => {
    expect(shown()).toEqual(tab("notes"));
    expect(new Panels(false).shown.peek()).toEqual({ kind: "closed" });
  });

  test("a sheet takes the place of the tab, and another sheet that of the first", () => {
    panels.showTab("people");
    panels.toggleSheet("keys");
    expect([isSheet(shown(), "keys"), isSheet(shown(), "connection")]).toEqual([true, false]);
    panels.toggleSheet("connection");
    expect([isSheet(shown(), "keys"), isSheet(shown(), "connection")]).toEqual([false, true]);
    panels.toggleSheet("connection");
    expect(shown()).toEqual(tab("people"));
  });

  test("a tab that is asked for takes the place of a sheet", () => {
    panels.toggleSheet("keys");
    panels.showTab("versions");
    expect(shown()).toEqual(tab("versions"));
  });
});

describe("the panel", () => {
  test("closes with whatever it shows, and opens with the last tab", () => {
    panels.showTab("versions");
    panels.toggleSheet("keys");
    panels.toggle();
    expect(shown()).toEqual({ kind: "closed" });
    panels.toggle();
    expect(shown()).toEqual(tab("versions"));
  });

  test("opens for a sheet", () => {
    panels.toggle();
    panels.toggleSheet("connection");
    expect(isSheet(shown(), "connection")).toBe(true);
  });

  test("closes by the key of the tab that it shows, and otherwise opens with that tab", () => {
    panels.toggleTab("notes");
    expect(shown()).toEqual({ kind: "closed" });
    panels.toggleTab("notes");
    panels.showTab("people");
    panels.toggleTab("notes");
    panels.toggleSheet("keys");
    panels.toggleTab("notes");
    expect(shown()).toEqual(tab("notes"));
  });
});
