import { create, encodePoints, Kind, ObjectStateSchema, STROKE_ORIGIN, type ObjectState } from "@fmz/client";
import { appendOp, createOp, endOp, property } from "../state/ops";
import { submitMark } from "../state/sight";
import { isOnGrid, squareAround, squareTo, type Corners } from "../grid/corners";
import { gridScale, toGrid, type Point } from "../grid/geometry";
import { DRAG_PX_MIN, type Gesture } from "./gestures";
import type { DrawParts, StageParts } from "./parts";

/** Tools that put something at a place: stamps, pins, the vertices of a polygon. */

/** The parts that make a mark of a polygon. */
export type PolygonParts = Pick<StageParts, "document" | "polygon" | "tools">;

/** How near to the first vertex a press closes a polygon, CSS px: a fingertip's slack. */
const CLOSE_PX = 12;

/**
 * Puts a stamp: a click puts one of the chosen size around the pointer, a drag gives it its own.
 */
export function stamp({ document, picture, tools, view }: DrawParts, first: Point): Gesture {
  const sight = picture.sight();
  const start = toGrid(first, view.rect.peek());
  const [color, name] = [tools.rgba, tools.stamp.peek()];
  let corners: Corners | undefined = squareAround(start, tools.stampSide);
  return {
    move: (points) => {
      const at = points.at(-1);
      if (!at || !corners || Math.hypot(at.x - first.x, at.y - first.y) < DRAG_PX_MIN) return;
      corners = { start, end: squareTo(start, toGrid(at, view.rect.peek())) };
    },
    end: () => {
      const id = document.nextId();
      if (!id || !corners || !isOnGrid(corners)) return;
      const look = [property.color(color), property.stamp(name), property.start(corners.start), property.end(corners.end)];
      submitMark(document, id, sight, (frame) => [createOp(id, Kind.STAMP, frame, look)]);
    },
    cancel: () => {
      corners = undefined;
    },
    preview: () => corners && create(ObjectStateSchema, { kind: Kind.STAMP, color, stamp: name, ...corners }),
  };
}

/** Begins a comment where the pointer is lifted, or opens the one whose pin is there. */
export function comment(
  { notes, picture, view }: Pick<StageParts, "notes" | "picture" | "view">,
  first: Point,
  pinAt: (point: Point) => ObjectState | undefined,
): Gesture {
  const sight = picture.sight();
  let last: Point | undefined = first;
  return {
    move: (points) => {
      last = points.at(-1) ?? last;
    },
    end: () => {
      if (!last) return;
      const pin = pinAt(last);
      if (pin) notes.openThread(pin);
      else notes.beginComment({ start: toGrid(last, view.rect.peek()), sight });
    },
    cancel: () => {
      last = undefined;
    },
  };
}

/** Puts the next vertex of a polygon where the pointer is lifted. */
export function vertex(parts: DrawParts & PolygonParts, first: Point): Gesture {
  const { picture, polygon, view } = parts;
  const sight = polygon.sight ?? picture.sight();
  const aim = (at: Point | undefined): void => {
    polygon.aim.value = at && toGrid(at, view.rect.peek());
  };
  let last = first;
  aim(first);
  return {
    move: (points) => {
      last = points.at(-1) ?? last;
      aim(last);
    },
    end: () => {
      const rect = view.rect.peek();
      if (polygon.put(toGrid(last, rect), CLOSE_PX / gridScale(rect), sight)) closePolygon(parts);
    },
    cancel: () => {
      aim(undefined);
    },
  };
}

/** Takes the polygon into the document, if it has vertices enough. */
export function closePolygon({ document, polygon, tools }: PolygonParts): void {
  const id = document.nextId();
  const { sight } = polygon;
  if (!id || !sight || !polygon.closable) return;
  const look = [property.color(tools.rgba), property.width(tools.width)];
  const points = pointsThrough(polygon.vertices.peek());
  submitMark(document, id, sight, (frame) => [createOp(id, Kind.POLYGON, frame, look), appendOp(id, points), endOp(id)]);
  polygon.drop();
}

/** Returns the polygon as far as it is drawn, with an edge to the pointer. */
export function polygonPreview({ polygon, tools }: Pick<StageParts, "polygon" | "tools">): ObjectState | undefined {
  if (!polygon.active) return undefined;
  const aim = polygon.aim.peek();
  const points = pointsThrough([...polygon.vertices.peek(), ...(aim ? [aim] : [])]);
  return create(ObjectStateSchema, { kind: Kind.POLYGON, color: tools.rgba, width: tools.width, points });
}

function pointsThrough(vertices: readonly Point[]): ReturnType<typeof encodePoints> {
  const points = vertices.map(({ x, y }) => ({ x, y, pressure: STROKE_ORIGIN.pressure }));
  return encodePoints(points, STROKE_ORIGIN, false);
}
