import { Kind, type ObjectState } from "@fmz/client";
import { gridScale, type Point, type Rect } from "./geometry";
import type { Painter } from "./painter";
import { grown } from "./shapes";

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
  return objects.findLast((object) => isAt(object, at, reach, painter));
}

const probe = new OffscreenCanvas(1, 1).getContext("2d");

function isAt(object: ObjectState, at: Point, reach: number, painter: Painter): boolean {
  if (!inside(grown(painter.boundsOf(object), reach), at)) return false;
  if (object.kind === Kind.TEXT || !probe) return true;
  probe.lineCap = probe.lineJoin = "round";
  probe.lineWidth = object.width + 2 * reach;
  return probe.isPointInStroke(painter.shape(object).spine, at.x, at.y);
}

function inside({ x, y, width, height }: Rect, at: Point): boolean {
  return at.x >= x && at.x <= x + width && at.y >= y && at.y <= y + height;
}
