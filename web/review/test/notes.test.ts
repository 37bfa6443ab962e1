import { create, Kind, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, test } from "vitest";
import { Drafts } from "../src/state/drafts";
import type { MarkKey } from "../src/state/marks";
import { Notes } from "../src/state/notes";
import { Panels } from "../src/state/panels";
import { Sight } from "../src/state/sight";

function mark(kind: Kind, counter: number, parent?: number): ObjectState {
  const of = parent === undefined ? {} : { parent: { author: 1, counter: parent } };
  return create(ObjectStateSchema, { id: { author: 1, counter }, kind, createdRevision: BigInt(counter), ...of });
}
const counters = (marks: readonly ObjectState[]): unknown[] => marks.map(({ id }) => id?.counter);

const list = signal<readonly ObjectState[]>([]);
const selected = signal<MarkKey | undefined>(undefined);
let [panels, drafts] = [new Panels(false), new Drafts()];
let notes: Notes;

beforeEach(() => {
  list.value = [mark(Kind.PIN, 1), mark(Kind.REPLY, 2, 1), mark(Kind.RECTANGLE, 3), mark(Kind.PIN, 4)];
  selected.value = undefined;
  [panels, drafts] = [new Panels(false), new Drafts()];
  const listed = (all: readonly ObjectState[]): readonly ObjectState[] => all.filter(({ kind }) => kind === Kind.PIN);
  notes = new Notes({ list, selected }, { listed }, panels, drafts);
});

describe("notes", () => {
  test("are those that are listed, of all that there are", () => {
    expect([counters(notes.all.peek()), counters(notes.listed.peek())]).toEqual([[1, 3, 4], [1, 4]]);
  });

  test("number the pins, and know the replies of each", () => {
    expect([...notes.numbers.peek()]).toEqual([["1:1", 1], ["1:4", 2]]);
    expect(["1:1", "1:4"].map((pin) => counters(notes.repliesOf(pin)))).toEqual([[2], []]);
    list.value = [...list.peek(), mark(Kind.REPLY, 5, 4)];
    expect(counters(notes.repliesOf("1:4"))).toEqual([5]);
  });

  test("are stepped through as they are listed", () => {
    const steps = [1, 1, 1, -1].map((by) => {
      notes.step(by as 1 | -1);
      return selected.peek();
    });
    expect(steps).toEqual(["1:1", "1:4", "1:1", "1:4"]);
  });
});

test("a thread is opened in the notes, wherever the panel is", () => {
  panels.toggleSheet("keys");
  notes.openThread(mark(Kind.PIN, 4));
  expect([selected.peek(), panels.shown.peek()]).toEqual(["1:4", { kind: "tab", tab: "notes" }]);
});

test("a comment begins with nothing chosen, and leaves a text that is being written alone", () => {
  const sight = new Sight(undefined, true);
  const text = { start: { x: 1, y: 1 }, sight };
  drafts.text.value = text;
  selected.value = "1:1";
  notes.beginComment({ start: { x: 5, y: 6 }, sight });
  expect([selected.peek(), drafts.comment.peek()?.start, drafts.text.peek()]).toEqual([undefined, { x: 5, y: 6 }, text]);
  expect(panels.shown.peek()).toEqual({ kind: "tab", tab: "notes" });
});
