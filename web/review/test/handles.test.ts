import { create, Kind, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { describe, expect, test } from "vitest";
import { isOnGrid, middleOf, squareAround, squareTo } from "../src/grid/corners";
import { handleAt, handlesOf, resized } from "../src/stage/handles";

/** Drawn from 100,200 to 300,400 and moved by 1000,0. */
function mark(kind: Kind): ObjectState {
  return create(ObjectStateSchema, { kind, start: { x: 100, y: 200 }, end: { x: 300, y: 400 }, offset: { x: 1000, y: 0 } });
}

describe("resizing", () => {
  test("a box has four handles, a line two, a stroke none", () => {
    const counts = [Kind.RECTANGLE, Kind.STAMP, Kind.ARROW, Kind.BRUSH, Kind.PIN].map((kind) => handlesOf(mark(kind)).length);
    expect(counts).toEqual([4, 4, 2, 0, 0]);
  });

  test("a handle is found where the mark stands now", () => {
    const rect = { x: 0, y: 0, width: 1638.4, height: 900 };
    expect(handleAt(mark(Kind.RECTANGLE), { x: 1310, y: 205 }, rect)).toEqual({ x: "end", y: "start" });
    expect(handleAt(mark(Kind.LINE), { x: 1310, y: 205 }, rect)).toBeUndefined();
  });

  test("the handles of a small mark leave its middle to be moved by", () => {
    const rect = { x: 0, y: 0, width: 1638.4, height: 900 };
    expect(handleAt(mark(Kind.STAMP), { x: 1200, y: 300 }, rect)).toBeUndefined();
    expect(handleAt(mark(Kind.STAMP), { x: 1255, y: 355 }, rect)).toEqual({ x: "end", y: "end" });
  });

  test("the corner across stays", () => {
    const corners = resized(mark(Kind.RECTANGLE), { x: "end", y: "start" }, { x: 1500, y: 50 });
    expect(corners).toEqual({ start: { x: 1100, y: 50 }, end: { x: 1500, y: 400 } });
  });

  test("a stamp stays square", () => {
    const corners = resized(mark(Kind.STAMP), { x: "start", y: "start" }, { x: 1200, y: 100 });
    expect(corners).toEqual({ start: { x: 1000, y: 100 }, end: { x: 1300, y: 400 } });
  });
});

describe("squares", () => {
  test("reach as far as the pointer, whichever way is longer", () => {
    expect(squareTo({ x: 10, y: 10 }, { x: 40, y: 0 })).toEqual({ x: 40, y: -20 });
    expect(squareTo({ x: 10, y: 10 }, { x: 5, y: 60 })).toEqual({ x: -40, y: 60 });
  });

  test("around a place are of whole units", () => {
    expect(squareAround({ x: 100, y: 100 }, 33)).toEqual({ start: { x: 83, y: 83 }, end: { x: 117, y: 117 } });
    expect(middleOf({ x: 83, y: 83, width: 35, height: 34 })).toEqual({ x: 101, y: 100 });
  });

  test("beyond the wire's range are not put", () => {
    expect(isOnGrid(squareAround({ x: 262_144, y: 0 }, 0))).toBe(true);
    expect(isOnGrid(squareAround({ x: 262_144, y: 0 }, 2))).toBe(false);
  });
});
