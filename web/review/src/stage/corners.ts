import { limits, type ObjectState, type SharedDocument } from "@fmz/client";
import { property, setOp } from "../state/ops";
import type { Point, Rect } from "./geometry";

/** The two corners of a mark, or the ends of a line, in grid units. */
export interface Corners {
  readonly start: Point;
  readonly end: Point;
}

/** The square with a corner at `from` that reaches as far as `to`, whichever way is longer. */
export function squareTo(from: Point, to: Point): Point {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const side = Math.max(Math.abs(x), Math.abs(y));
  return { x: from.x + (x < 0 ? -side : side), y: from.y + (y < 0 ? -side : side) };
}

/** The square of a side around a place. */
export function squareAround({ x, y }: Point, side: number): Corners {
  const half = Math.round(side / 2);
  return { start: { x: x - half, y: y - half }, end: { x: x + half, y: y + half } };
}

/** Middle of a rectangle, whole units. */
export function middleOf({ x, y, width, height }: Rect): Point {
  return { x: Math.round(x + width / 2), y: Math.round(y + height / 2) };
}

/** Whether both corners lie within the wire's range. */
export function isOnGrid({ start, end }: Corners): boolean {
  return [start.x, start.y, end.x, end.y].every((value) => Math.abs(value) <= limits.COORDINATE_MAX);
}

/** Sets the corners of a mark to where they are to be seen; what stays is not written. */
export function setCorners(document: SharedDocument, { id, start, end, offset }: ObjectState, corners: Corners): void {
  if (!id) return;
  const unmoved = ({ x, y }: Point): Point => ({ x: x - (offset?.x ?? 0), y: y - (offset?.y ?? 0) });
  const to = { start: unmoved(corners.start), end: unmoved(corners.end) };
  const ops = [
    ...(isSame(start, to.start) ? [] : [setOp(id, property.start(to.start))]),
    ...(isSame(end, to.end) ? [] : [setOp(id, property.end(to.end))]),
  ];
  if (ops.length > 0) document.submit(ops);
}

function isSame(one: Point | undefined, { x, y }: Point): boolean {
  return (one?.x ?? 0) === x && (one?.y ?? 0) === y;
}
