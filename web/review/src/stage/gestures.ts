import {
  create,
  encodePoints,
  Kind,
  limits,
  ObjectStateSchema,
  STROKE_ORIGIN,
  type ObjectId,
  type ObjectState,
  type StrokePoint,
} from "@fmz/client";
import { addOp, appendOp, createOp, deleteOp, endOp, property } from "../state/ops";
import { submitMark, type Sight } from "../state/sight";
import type { DrawParts, StageParts } from "./parts";
import { toGrid, type Point } from "../grid/geometry";

/** A pointer's place with its pressure, 0..=1; `undefined` from a device that reports none. */
export interface PenPoint extends Point {
  readonly pressure: number | undefined;
}

/** One press of the pointer, from down to up. */
export interface Gesture {
  /** Points of the stage, oldest first. */
  move(points: readonly PenPoint[]): void;
  end(): void;
  /** The pointer was taken away: nothing of the gesture stays. */
  cancel(): void;
  /** A shape that is not in the document yet. */
  preview?(): ObjectState | undefined;
}

/** Draws a stroke, point by point as the pen goes. */
export function brush(parts: DrawParts, first: PenPoint): Gesture | undefined {
  const { document, picture, tools, view } = parts;
  const id = document.nextId();
  if (!id) return undefined;
  const pressed = first.pressure !== undefined;
  let last = STROKE_ORIGIN;
  let count = 0;
  const append = (added: readonly PenPoint[]): void => {
    const from = last;
    const points: StrokePoint[] = [];
    for (const point of added.slice(0, Math.min(limits.APPEND_POINTS_MAX, limits.STROKE_POINTS_MAX - count))) {
      const at = toGrid(point, view.rect.peek());
      if (count > 0 && at.x === last.x && at.y === last.y) continue;
      last = { ...at, pressure: pressed ? Math.round((point.pressure ?? 0) * 255) : last.pressure };
      points.push(last);
      count += 1;
    }
    if (points.length > 0) document.submit([appendOp(id, encodePoints(points, from, pressed))]);
  };
  const sight = picture.sight();
  document.beginGesture();
  const look = [property.color(tools.rgba), property.width(tools.width)];
  submitMark(document, id, sight, (frame) => [createOp(id, Kind.BRUSH, frame, look)]);
  append([first]);
  const end = (): void => {
    document.submit([endOp(id)]);
    document.endGesture();
  };
  return {
    move: append,
    end,
    cancel: () => {
      end();
      document.undo();
    },
  };
}

type ShapeKind = Kind.RECTANGLE | Kind.ELLIPSE | Kind.ARROW | Kind.LINE | Kind.REDACTION;
/** A drag shorter than this draws nothing, CSS px: it was a click. */
export const DRAG_PX_MIN = 3;

/** Drags a shape from corner to corner. It enters the document when the pointer is lifted. */
export function shape(parts: DrawParts, kind: ShapeKind, first: Point): Gesture {
  const { document, picture, tools, view } = parts;
  const sight = picture.sight();
  const start = toGrid(first, view.rect.peek());
  const [color, width] = [tools.rgba, tools.width];
  let end: Point | undefined;
  return {
    move: (points) => {
      const at = points.at(-1);
      if (!at || (!end && Math.hypot(at.x - first.x, at.y - first.y) < DRAG_PX_MIN)) return;
      end = toGrid(at, view.rect.peek());
    },
    end: () => {
      const id = document.nextId();
      if (!id || !end) return;
      const look = [property.color(color), property.width(width), property.start(start), property.end(end)];
      submitMark(document, id, sight, (frame) => [createOp(id, kind, frame, look)]);
    },
    cancel: () => {
      end = undefined;
    },
    preview: () => end && create(ObjectStateSchema, { kind, color, width, start, end }),
  };
}

/** Moves a mark. Moves add up, so that two people who move one mark both count. */
export function drag({ document, view }: Pick<StageParts, "document" | "view">, { id }: ObjectState, first: Point): Gesture {
  let last = toGrid(first, view.rect.peek());
  document.beginGesture();
  return {
    move: (points) => {
      const at = points.at(-1);
      if (!at || !id) return;
      const to = toGrid(at, view.rect.peek());
      const [x, y] = [to.x - last.x, to.y - last.y];
      if (x !== 0 || y !== 0) document.submit([addOp(id, { x, y })]);
      last = to;
    },
    end: () => {
      document.endGesture();
    },
    cancel: () => {
      document.endGesture();
    },
  };
}

/** Removes the own marks that the pointer passes over. */
export function erase({ document, people }: Pick<StageParts, "document" | "people">, first: Point, at: (point: Point) => ObjectState | undefined): Gesture {
  const remove = (point: Point): void => {
    const object = at(point);
    if (object?.id && people.mayChange(object.id)) document.submit([deleteOp(object.id)]);
  };
  document.beginGesture();
  remove(first);
  const end = (): void => {
    document.endGesture();
  };
  return {
    move: (points) => {
      points.forEach(remove);
    },
    end,
    cancel: end,
  };
}

/** Moves the picture on the stage. */
export function pan({ view }: Pick<StageParts, "view">, first: Point): Gesture {
  let last = first;
  return {
    move: (points) => {
      for (const point of points) {
        view.pan(point.x - last.x, point.y - last.y);
        last = point;
      }
    },
    end: () => undefined,
    cancel: () => undefined,
  };
}

/** Puts a text on the picture. */
export function writeText({ document, tools }: Pick<StageParts, "document" | "tools">, id: ObjectId, start: Point, sight: Sight, text: string): void {
  const look = [property.color(tools.rgba), property.width(tools.textHeight), property.start(start)];
  submitMark(document, id, sight, (frame) => [createOp(id, Kind.TEXT, frame, [...look, property.text(text)])]);
}
