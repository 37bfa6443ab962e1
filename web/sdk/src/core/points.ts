import { create } from "@bufbuild/protobuf";
import { StrokePointsSchema, type StrokePoints } from "../gen/fmz/v1/annotation_pb";

/** A point of a stroke: grid units, pressure 0..=255. All are integers. */
export interface StrokePoint {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
}

/**
 * The point at which every stroke begins. Its pressure is also that of points from a device that
 * reports none.
 */
export const STROKE_ORIGIN: StrokePoint = { x: 0, y: 0, pressure: 128 };

/**
 * Writes points that follow `from`, the last point of the stroke so far, or {@link STROKE_ORIGIN}.
 */
export function encodePoints(points: readonly StrokePoint[], from: StrokePoint, pressed: boolean): StrokePoints {
  const bytes: number[] = [];
  let before = from;
  for (const point of points) {
    write(bytes, point.x - before.x);
    write(bytes, point.y - before.y);
    if (pressed) write(bytes, point.pressure - before.pressure);
    before = point;
  }
  const value = Uint8Array.from(bytes);
  return create(StrokePointsSchema, { deltas: { case: pressed ? "pressed" : "plain", value } });
}

/** Returns true if the device of a stroke reports pressure. */
export function isPressed(points: StrokePoints | undefined): boolean {
  return points?.deltas.case === "pressed";
}

/** Reads all points of a stroke, as the document engine wrote them. */
export function decodePoints(points: StrokePoints | undefined): StrokePoint[] {
  const decoded: StrokePoint[] = [];
  const numbers = varints(points?.deltas.value ?? new Uint8Array());
  const width = isPressed(points) ? 3 : 2;
  let { x, y, pressure } = STROKE_ORIGIN;
  for (let at = 0; at + width <= numbers.length; at += width) {
    x += numbers[at] ?? 0;
    y += numbers[at + 1] ?? 0;
    if (width === 3) pressure += numbers[at + 2] ?? 0;
    decoded.push({ x, y, pressure });
  }
  return decoded;
}

function write(bytes: number[], value: number): void {
  let rest = (value << 1) ^ (value >> 31);
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function varints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [zigzag, shift] = [0, 0];
  for (const byte of bytes) {
    zigzag |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) {
      numbers.push((zigzag >>> 1) ^ -(zigzag & 1));
      [zigzag, shift] = [0, 0];
    }
  }
  return numbers;
}
