import type { Room, SessionStatus } from "@fmz/client";
import { signal } from "@preact/signals";
import { beforeEach, expect, test } from "vitest";
import { People } from "../src/state/people";

const status = signal<SessionStatus>({ kind: "open" });
let people: People;

/** A room as the server tells it, with this page as participant 7 and author 3. */
function room(grants: { annotate: boolean; own: boolean }): Room {
  const participants = [
    { participant: 7, author: 3, name: "Ada", machine: false },
    { participant: 8, author: 0, name: "Film", machine: true },
  ];
  const all = new Map(participants.map((each) => [each.participant, each]));
  return { title: "", name: "demo", self: 7, author: 3, grants: { publish: false, ...grants }, participants: all } as unknown as Room;
}

beforeEach(() => {
  people = new People({ authors: new Map([[3, "Ada before"], [4, "Bo"]]), identities: new Map([[3, "link"], [4, "link"], [5, "other"]]) }, status);
  people.take(room({ annotate: true, own: false }));
});

test("the room has its title, or its name", () => {
  expect(people.title.peek()).toBe("demo");
  people.take(Object.assign(room({ annotate: true, own: false }), { title: "Day 1" }));
  expect(people.title.peek()).toBe("Day 1");
});

test("names are those of today, then those of the document", () => {
  expect([3, 4, 9].map((author) => people.authorName(author))).toEqual(["Ada", "Bo", ""]);
  expect([people.nameOf(8), people.nameOf(9)]).toEqual(["Film", ""]);
  expect([...people.drawers()]).toEqual([["link", "Ada, Bo"], ["other", ""]]);
});

test("a person who is alone with programs is alone, once the room is open", () => {
  expect([people.alone.peek(), people.people.peek().length]).toEqual([true, 1]);
  status.value = { kind: "joining", attempt: 0, code: undefined };
  expect(people.alone.peek()).toBe(false);
  status.value = { kind: "open" };
});

test("a person may change own marks, an owner all, a guest who only looks none", () => {
  const [own, others] = [{ author: 3, counter: 1 }, { author: 4, counter: 1 }].map((id) => ({ $typeName: "fmz.v1.ObjectId" as const, ...id }));
  const may = (): boolean[] => [own, others].map((id) => id !== undefined && people.mayChange(id));
  expect(may()).toEqual([true, false]);
  people.take(room({ annotate: true, own: true }));
  expect(may()).toEqual([true, true]);
  people.take(room({ annotate: false, own: true }));
  expect(may()).toEqual([false, false]);
});
