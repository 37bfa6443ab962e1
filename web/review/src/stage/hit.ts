import { Kind, type ObjectState } from "@fmz/client";
import { gridScale, type Point, type Rect } from "../grid/geometry";
import type { Painter } from "./painter";
import { grown } from "../grid/shapes";

/** How near the pointer must come to a line, CSS px. */
const REACH_PX = 6;

/** Topmost of `objects` (in drawing order) at a place on the grid. */
export function objectAt(
  objects: readonly ObjectState[],
  at: Point,
  rect: Rect,
  painter: Painter,
): ObjectState | undefined {
  const reach = REACH_PX / gridScale(rect);
  return objects.findLast((object) => isAt(object, at, reach, rect, painter));
}

const probe = new OffscreenCanvas(1, 1).getContext("2d");

/** Kinds that are hit anywhere within their bounds. */
const SOLID = new Set([Kind.TEXT, Kind.PIN, Kind.STAMP]);

function isAt(object: ObjectState, at: Point, reach: number, rect: Rect, painter: Painter): boolean {
  if (!inside(grown(painter.boundsOf(object, rect), reach), at)) return false;
  if (SOLID.has(object.kind) || !probe) return true;
  probe.lineCap = probe.lineJoin = "round";
  probe.lineWidth = object.width + 2 * reach;
  return probe.isPointInStroke(painter.shape(object).spine, at.x, at.y);
}

function inside({ x, y, width, height }: Rect, at: Point): boolean {
  return at.x >= x && at.x <= x + width && at.y >= y && at.y <= y + height;
}
