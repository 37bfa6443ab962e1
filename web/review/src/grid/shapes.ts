import { decodePoints, isPressed, Kind, type ObjectState, type StrokePoint } from "@fmz/client";
import getStroke from "perfect-freehand";
import type { Point, Rect } from "./geometry";

/** Lines of a text stand this many text heights apart. */
export const LINE_HEIGHT = 1.25;
/** Font of text marks; the same stack as the page's. */
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif';

/** Longest gap between the points of a line that is smoothed, grid units: two pixels at HD. */
const GAP_MAX = 16;

/** A shape ready to be drawn, in grid units. */
export interface Shape {
  /** Filled with the mark's colour. */
  readonly fill: Path2D | undefined;
  /** Stroked with the mark's colour. */
  readonly line: Path2D | undefined;
  /** Width of the line where it is not the mark's. */
  readonly lineWidth?: number;
  /** Line to hit with the pointer. */
  readonly spine: Path2D;
  readonly bounds: Rect;
}

/** Builds the paths of an object; texts have none but their bounds, which the painter measures. */
export function shapeOf(object: ObjectState): Shape {
  switch (object.kind) {
    case Kind.BRUSH:
      return strokeShape(object);
    case Kind.RECTANGLE:
      return boxShape(object, (path, { x, y, width, height }) => {
        path.rect(x, y, width, height);
      });
    case Kind.ELLIPSE:
      return boxShape(object, (path, { x, y, width, height }) => {
        path.ellipse(x + width / 2, y + height / 2, width / 2, height / 2, 0, 0, 2 * Math.PI);
      });
    case Kind.ARROW:
      return arrowShape(object);
    case Kind.LINE:
      return lineShape(object);
    case Kind.POLYGON:
      return polygonShape(object);
    case Kind.REDACTION:
      return redactionShape(object);
    default:
      return { fill: undefined, line: undefined, spine: new Path2D(), bounds: boundsOf([startOf(object)]) };
  }
}

function strokeShape(object: ObjectState): Shape {
  const pressed = isPressed(object.points);
  const points = evened(pointsOf(object)).map((point) => ({ ...point, pressure: point.pressure / 255 }));
  const outline = getStroke(points, {
    size: object.width,
    thinning: pressed ? 0.6 : 0,
    smoothing: 0.5,
    streamline: 0.3,
    simulatePressure: false,
    last: object.ended,
  });
  const bounds = grown(boundsOf(points), object.width / 2);
  return { fill: smoothClosed(outline), line: undefined, spine: polyline(points), bounds };
}

/** Points of a stroke, where they stand now. */
function pointsOf({ points, offset }: ObjectState): StrokePoint[] {
  return decodePoints(points).map((point) => ({ ...point, ...shifted(point, offset) }));
}

/**
 * Fills gaps between points: smoothing pulls a line off its corners by a share of
 * the gaps beside them.
 */
export function evened(points: readonly StrokePoint[]): StrokePoint[] {
  return points.flatMap((to, index) => {
    const from = points[index - 1];
    if (!from) return [to];
    const parts = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / GAP_MAX));
    return Array.from({ length: parts }, (_, part) => between(from, to, (part + 1) / parts));
  });
}

function between(from: StrokePoint, to: StrokePoint, share: number): StrokePoint {
  const at = (start: number, end: number): number => start + (end - start) * share;
  return { x: at(from.x, to.x), y: at(from.y, to.y), pressure: at(from.pressure, to.pressure) };
}

/** A closed curve through the middles of an outline's edges. */
function smoothClosed(outline: readonly number[][]): Path2D {
  const path = new Path2D();
  const [first] = outline;
  if (!first) return path;
  outline.forEach(([x = 0, y = 0], index) => {
    const [nextX = 0, nextY = 0] = outline[(index + 1) % outline.length] ?? first;
    if (index === 0) path.moveTo((x + nextX) / 2, (y + nextY) / 2);
    else path.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  });
  path.closePath();
  return path;
}

function polyline(points: readonly Point[]): Path2D {
  const path = new Path2D();
  const [first] = points;
  if (first) path.moveTo(first.x, first.y);
  for (const { x, y } of points) path.lineTo(x, y);
  return path;
}

function boxShape(object: ObjectState, trace: (path: Path2D, box: Rect) => void): Shape {
  const box = boundsOf([startOf(object), endOf(object)]);
  const line = new Path2D();
  trace(line, box);
  return { fill: undefined, line, spine: line, bounds: grown(box, object.width / 2) };
}

function lineShape(object: ObjectState): Shape {
  const ends = [startOf(object), endOf(object)];
  const line = polyline(ends);
  return { fill: undefined, line, spine: line, bounds: grown(boundsOf(ends), object.width / 2) };
}

/**
 * The vertices of a polygon are the points of its stroke; while it is drawn, its
 * last edge is missing.
 */
function polygonShape(object: ObjectState): Shape {
  const vertices = pointsOf(object);
  const line = polyline(vertices);
  if (object.ended) line.closePath();
  return { fill: undefined, line, spine: line, bounds: grown(boundsOf(vertices), object.width / 2) };
}

/** A solid box; one that blurs is an element over the picture, and only its rim is drawn. */
function redactionShape(object: ObjectState): Shape {
  const bounds = boundsOf([startOf(object), endOf(object)]);
  const box = new Path2D();
  box.rect(bounds.x, bounds.y, bounds.width, bounds.height);
  return { fill: object.redaction === 0 ? box : undefined, line: undefined, spine: box, bounds };
}

/**
 * A shaft and a filled head; the shaft stops inside the head, so that its end does
 * not show beside the tip.
 */
function arrowShape(object: ObjectState): Shape {
  const tail = startOf(object);
  const tip = endOf(object);
  const length = Math.hypot(tip.x - tail.x, tip.y - tail.y) || 1;
  const along = { x: (tip.x - tail.x) / length, y: (tip.y - tail.y) / length };
  const head = Math.min(length, object.width * 4.5);
  const neck = { x: tip.x - along.x * head, y: tip.y - along.y * head };
  const half = head * 0.42;
  const left = { x: neck.x - along.y * half, y: neck.y + along.x * half };
  const right = { x: neck.x + along.y * half, y: neck.y - along.x * half };
  const fill = polyline([tip, left, right]);
  fill.closePath();
  const bounds = grown(boundsOf([tail, tip, left, right]), object.width / 2);
  return { fill, line: polyline([tail, { x: neck.x + along.x, y: neck.y + along.y }]), spine: polyline([tail, tip]), bounds };
}

/** Smallest rectangle around points. */
export function boundsOf(points: readonly Point[]): Rect {
  if (points.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function grown({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** First corner of an object, tail of an arrow, where it stands now. */
export function startOf({ start, offset }: ObjectState): Point {
  return shifted(start, offset);
}

/** Opposite corner of an object, head of an arrow, where it stands now. */
export function endOf({ end, offset }: ObjectState): Point {
  return shifted(end, offset);
}

/** A place, or the picture's corner where none was set, moved. */
function shifted(point: Point | undefined, offset: Point | undefined): Point {
  return { x: (point?.x ?? 0) + (offset?.x ?? 0), y: (point?.y ?? 0) + (offset?.y ?? 0) };
}
