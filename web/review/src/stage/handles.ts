import { Kind, type ObjectState } from "@fmz/client";
import { keyOf } from "../state/marks";
import { cornerOps } from "../state/ops";
import { squareTo, type Corners } from "../grid/corners";
import { gridScale, toGrid, type Point, type Rect } from "../grid/geometry";
import type { Gesture } from "./gestures";
import type { StageParts } from "./parts";
import { boundsOf, endOf, startOf } from "../grid/shapes";

/**
 * How near the pointer must come to a handle, CSS px; at most this share of the mark, so that
 * a small one can be moved.
 */
const REACH_PX = 10;
const REACH_SHARE = 1 / 3;

/**
 * A corner that is dragged to resize: which of the two corners of a mark gives its
 * x, and which its y.
 */
export interface Handle {
  readonly x: keyof Corners;
  readonly y: keyof Corners;
}

const ENDS: readonly Handle[] = [
  { x: "start", y: "start" },
  { x: "end", y: "end" },
];
const CORNERS: readonly Handle[] = [...ENDS, { x: "start", y: "end" }, { x: "end", y: "start" }];

/** Returns the handles of a mark; none for a kind that has no two corners. */
export function handlesOf({ kind }: ObjectState): readonly Handle[] {
  switch (kind) {
    case Kind.RECTANGLE:
    case Kind.ELLIPSE:
    case Kind.REDACTION:
    case Kind.STAMP:
      return CORNERS;
    case Kind.ARROW:
    case Kind.LINE:
      return ENDS;
    default:
      return [];
  }
}

/** Returns the place of a handle, grid units. */
export function placeOf(object: ObjectState, { x, y }: Handle): Point {
  const corners = { start: startOf(object), end: endOf(object) };
  return { x: corners[x].x, y: corners[y].y };
}

/** Returns the handle of a mark at a place on the grid. */
export function handleAt(object: ObjectState, at: Point, rect: Rect): Handle | undefined {
  const { width, height } = boundsOf([startOf(object), endOf(object)]);
  const reach = Math.min(REACH_PX / gridScale(rect), Math.max(width, height) * REACH_SHARE);
  return handlesOf(object).find((handle) => {
    const place = placeOf(object, handle);
    return Math.hypot(place.x - at.x, place.y - at.y) <= reach;
  });
}

/** Returns the corners of a mark after one was dragged; the one across stays. A stamp stays square. */
export function resized(object: ObjectState, handle: Handle, to: Point): Corners {
  const across: Handle = { x: other(handle.x), y: other(handle.y) };
  const corner = object.kind === Kind.STAMP ? squareTo(placeOf(object, across), to) : to;
  const corners = { start: startOf(object), end: endOf(object) };
  const part = (which: keyof Corners): Point => ({
    x: handle.x === which ? corner.x : corners[which].x,
    y: handle.y === which ? corner.y : corners[which].y,
  });
  return { start: part("start"), end: part("end") };
}

/** Resizes a mark; all of it is one step of undo. */
export function resize({ document, marks, view }: Pick<StageParts, "document" | "marks" | "view">, object: ObjectState, handle: Handle): Gesture {
  const end = (): void => {
    document.endGesture();
  };
  document.beginGesture();
  return {
    move: (points) => {
      const at = points.at(-1);
      const now = marks.get(keyOf(object.id));
      const ops = at && now ? cornerOps(now, resized(now, handle, toGrid(at, view.rect.peek()))) : [];
      if (ops.length > 0) document.submit(ops);
    },
    end,
    cancel: end,
  };
}

function other(which: keyof Corners): keyof Corners {
  return which === "start" ? "end" : "start";
}
