import { create, Kind, ObjectStateSchema, Status, type ObjectState } from "@fmz/client";
import { describe, expect, test } from "vitest";
import { isSettled, noteBeside, notesOf, pinNumbers, repliesByPin, statusOf, STATUSES } from "../src/state/threads";

function mark(kind: Kind, counter: number, createdRevision: bigint, parent?: number): ObjectState {
  const of = parent === undefined ? {} : { parent: { author: 1, counter: parent } };
  return create(ObjectStateSchema, { id: { author: 1, counter }, kind, createdRevision, ...of });
}

// In drawing order: the second pin was brought to the front, the last ones wait for the server.
const MARKS = [
  mark(Kind.PIN, 1, 10n),
  mark(Kind.REPLY, 2, 12n, 1),
  mark(Kind.RECTANGLE, 3, 13n),
  mark(Kind.PIN, 5, 20n),
  mark(Kind.PIN, 4, 14n),
  mark(Kind.REPLY, 7, 0n, 1),
  mark(Kind.REPLY, 6, 0n, 1),
  mark(Kind.PIN, 9, 0n),
  mark(Kind.PIN, 8, 0n),
  mark(Kind.BRUSH, 10, 0n),
];
const counters = (marks: readonly ObjectState[]): unknown[] => marks.map(({ id }) => id?.counter);

describe("threads", () => {
  test("pins count in the order they were put, those that wait last", () => {
    expect([...pinNumbers(MARKS)]).toEqual([["1:1", 1], ["1:4", 2], ["1:5", 3], ["1:8", 4], ["1:9", 5]]);
  });

  test("replies stand in their thread, oldest first", () => {
    const replies = repliesByPin([...MARKS, mark(Kind.REPLY, 11, 15n, 4)]);
    expect([...replies].map(([pin, of]) => [pin, counters(of)])).toEqual([["1:1", [2, 6, 7]], ["1:4", [11]]]);
  });

  test("a status of a newer page counts as open", () => {
    expect(STATUSES.map((status) => [statusOf(create(ObjectStateSchema, { status })), isSettled(status)])).toEqual([
      [Status.OPEN, false],
      [Status.IN_PROGRESS, false],
      [Status.RESOLVED, true],
      [Status.APPROVED, true],
      [Status.REJECTED, true],
    ]);
    expect(statusOf(Object.assign(create(ObjectStateSchema), { status: 99 }))).toBe(Status.OPEN);
  });
});

describe("notes", () => {
  test("are all marks but replies and strokes that grow", () => {
    expect(counters(notesOf(MARKS))).toEqual([1, 3, 5, 4, 9, 8]);
  });

  test.each([
    ["the next", "1:1", 1, 3],
    ["the one before", "1:3", -1, 1],
    ["the first after the last", "1:8", 1, 1],
    ["the last before the first", "1:1", -1, 8],
    ["the first, from nothing", undefined, 1, 1],
    ["the last, from nothing", undefined, -1, 8],
  ] as const)("are stepped through: %s", (_, chosen, by, expected) => {
    expect(noteBeside(notesOf(MARKS), chosen, by)?.id?.counter).toBe(expected);
  });

  test("where there are none there is none beside", () => {
    expect(noteBeside([], undefined, 1)).toBeUndefined();
  });
});
