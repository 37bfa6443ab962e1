import { create, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { expect, test } from "vitest";
import { Unpainted } from "../src/stage/unpainted";

const MARKS = Array.from({ length: 5 }, (_, counter) => create(ObjectStateSchema, { id: { author: 1, counter } }));

/** Paints until a time, each mark in 10 ms from 0 on; returns the marks that were painted. */
function painted(unpainted: Unpainted, until: number): unknown[] {
  const drawn: unknown[] = [];
  const draw = ({ id }: ObjectState): void => {
    drawn.push(id?.counter);
  };
  unpainted.paint(draw, until, () => 10 * drawn.length);
  return drawn;
}

test("marks are painted in their order, as many as the time allows", () => {
  const unpainted = new Unpainted(MARKS);
  expect([painted(unpainted, 20), unpainted.done]).toEqual([[0, 1], false]);
  expect([painted(unpainted, 25), unpainted.done]).toEqual([[2, 3, 4], true]);
  expect(painted(unpainted, Infinity)).toEqual([]);
});

test("one is painted even if there is no time, so that an end comes", () => {
  const unpainted = new Unpainted(MARKS);
  expect(MARKS.map(() => painted(unpainted, 0))).toEqual([[0], [1], [2], [3], [4]]);
  expect(unpainted.done).toBe(true);
});

test("nothing to paint is done at once", () => {
  expect(new Unpainted([]).done).toBe(true);
});
