import { create, Kind, ObjectStateSchema, type ObjectState, type SharedDocument } from "@fmz/client";
import { beforeEach, describe, expect, test } from "vitest";
import { Marks } from "../src/state/marks";

type Changed = { readonly kind: "all" | "some"; readonly objects: readonly ObjectState[] };

function object(counter: number, over: Partial<ObjectState> = {}): ObjectState {
  return Object.assign(create(ObjectStateSchema, { id: { author: 1, counter }, kind: Kind.RECTANGLE, createdRevision: BigInt(counter) }), over);
}
const counters = (marks: readonly ObjectState[]): unknown[] => marks.map(({ id }) => id?.counter);

let marks: Marks;
let change: (kind: Changed["kind"], ...objects: ObjectState[]) => void;
/** Lengths of the lists that were published. */
let published: number[];

beforeEach(() => {
  let listener: ((changed: Changed) => void) | undefined;
  const on = ((_: "changed", given: typeof listener) => {
    listener = given;
    return () => undefined;
  }) as unknown as SharedDocument["on"];
  marks = new Marks({ on, revision: 1n });
  change = (kind, ...objects) => listener?.({ kind, objects });
  published = [];
  marks.list.subscribe((list) => published.push(list.length));
  change("all", object(3), object(1, { order: Uint8Array.of(9) }), object(2, { order: Uint8Array.of(9, 1) }));
});

describe("marks of a document", () => {
  test("keep the drawing order in which all of them come", () => {
    expect(counters(marks.all())).toEqual([3, 1, 2]);
    expect(marks.list.peek()).toEqual(marks.all());
  });

  test("are put into the drawing order as they change", () => {
    change("some", object(4), object(5, { createdRevision: 0n }), object(3, { order: Uint8Array.of(9, 0) }));
    expect(counters(marks.all())).toEqual([4, 5, 1, 3, 2]);
  });

  test("are published if a note shows the difference, and always told", () => {
    const told: unknown[] = [];
    const forget = marks.onChange((changed) => told.push(counters(changed)));
    change("some", object(3, { width: 7 }));
    expect(published).toEqual([0, 3]);
    expect(marks.get("1:3")?.width).toBe(7);
    expect(marks.all()[0]?.width).toBe(7);
    change("some", object(3, { width: 7, text: "a note" }));
    forget();
    change("some", object(9));
    expect([published, told]).toEqual([[0, 3, 3, 4], [[3], [3]]]);
  });

  test("are gone when deleted, and so is the choice of one", () => {
    marks.selected.value = "1:1";
    change("some", object(3, { deleted: true }));
    expect([counters(marks.all()), marks.selected.peek(), marks.has("1:3")]).toEqual([[1, 2], "1:1", false]);
    change("some", object(1, { deleted: true }), object(7, { deleted: true }));
    expect([counters(marks.list.peek()), marks.selected.peek()]).toEqual([[2], undefined]);
  });

  test("are replaced by all those of another snapshot", () => {
    marks.selected.value = "1:1";
    change("all", object(8));
    expect([counters(marks.all()), marks.get("1:1"), marks.selected.peek()]).toEqual([[8], undefined, undefined]);
  });
});
