import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodePoints, encodePoints, isPressed, STROKE_ORIGIN, type StrokePoint } from "../src/core/points";

/** The wire's own vectors: a kind, the deltas and the bytes of each. */
const VECTORS = readFileSync(new URL("../../../proto/vectors/stroke-points.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line && !line.startsWith("#"))
  .map((line) => line.split(" "));

function walked(deltas: readonly string[]): StrokePoint[] {
  let at = STROKE_ORIGIN;
  return deltas.map((delta) => {
    const [x = 0, y = 0, pressure = 0] = delta.split(",").map(Number);
    at = { x: at.x + x, y: at.y + y, pressure: at.pressure + pressure };
    return at;
  });
}

describe("points of a stroke", () => {
  test.each(VECTORS)("points1: the %s vector %s reads and writes", (kind = "", ...words) => {
    const points = walked(words.slice(0, -1));
    const coded = encodePoints(points, STROKE_ORIGIN, kind === "pressed");
    expect(Buffer.from(coded.deltas.value ?? []).toString("hex")).toBe(words.at(-1));
    expect([isPressed(coded), decodePoints(coded)]).toEqual([kind === "pressed", points]);
  });

  test("points1: an append goes on from the point before", () => {
    const from = { x: -20, y: 7, pressure: 200 };
    const coded = encodePoints([{ x: -19, y: 7, pressure: 199 }], from, true);
    expect([...(coded.deltas.value ?? [])]).toEqual([2, 0, 1]);
  });

  test("a mark without points has none", () => {
    expect(decodePoints(undefined)).toEqual([]);
  });
});
