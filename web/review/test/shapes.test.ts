import { expect, test } from "vitest";
import { evened } from "../src/grid/shapes";

test("gaps of a line are filled, the points of its own stay", () => {
  const points = [
    { x: 0, y: 0, pressure: 0 },
    { x: 30, y: 40, pressure: 80 },
    { x: 31, y: 40, pressure: 81 },
  ];
  expect(evened(points)).toEqual([
    points[0],
    { x: 7.5, y: 10, pressure: 20 },
    { x: 15, y: 20, pressure: 40 },
    { x: 22.5, y: 30, pressure: 60 },
    points[1],
    points[2],
  ]);
  expect(evened([])).toEqual([]);
});
