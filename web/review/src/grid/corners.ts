import { limits } from "@fmz/client";
import type { Point, Rect } from "./geometry";

/** The two corners of a mark, or the ends of a line, in grid units. */
export interface Corners {
  readonly start: Point;
  readonly end: Point;
}

/** Returns the square with a corner at `from` that reaches as far as `to`, whichever way is longer. */
export function squareTo(from: Point, to: Point): Point {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const side = Math.max(Math.abs(x), Math.abs(y));
  return { x: from.x + (x < 0 ? -side : side), y: from.y + (y < 0 ? -side : side) };
}

/** Returns the square of a side around a place, in whole units. */
export function squareAround({ x, y }: Point, side: number): Corners {
  const half = Math.round(side / 2);
  return { start: { x: x - half, y: y - half }, end: { x: x + half, y: y + half } };
}

/** Returns the middle of a rectangle, in whole units. */
export function middleOf({ x, y, width, height }: Rect): Point {
  return { x: Math.round(x + width / 2), y: Math.round(y + height / 2) };
}

/** Returns true if both corners lie within the wire's range. */
export function isOnGrid({ start, end }: Corners): boolean {
  return [start.x, start.y, end.x, end.y].every((value) => Math.abs(value) <= limits.COORDINATE_MAX);
}
