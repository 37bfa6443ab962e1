import { Status, type ObjectState } from "@fmz/client";
import { isSettled, statusOf, type ThreadStatus } from "../state/threads";
import { cssColor } from "../state/tools";
import { gridScale, toStage, type Point, type Rect } from "../grid/geometry";
import type { Surface } from "./surface";
import { FONT, startOf } from "../grid/shapes";

/**
 * A pin keeps its size on the screen: a head with the number, above the place that
 * it points at. CSS px.
 */
const RADIUS = 11;
/** Middle of the head above the tip. */
const RISE = 18;
const BADGE_RADIUS = 6.5;
const DARK = "#161616";
const LIGHT = "#ffffff";

/** Sign of a status, around 0,0; an open thread has none. */
const SIGNS: Readonly<Partial<Record<ThreadStatus, string>>> = {
  [Status.IN_PROGRESS]: "M-2.8 0h.01M0 0h.01M2.8 0h.01",
  [Status.RESOLVED]: "M-3 .2-.8 2.4 3-2",
  [Status.APPROVED]: "M-4 .4-2.4 2 .8-1.8M-.6 1.4 0 2 3.4-1.8",
  [Status.REJECTED]: "M-2.2-2.2 2.2 2.2M2.2-2.2-2.2 2.2",
};

/** Space that a pin takes, grid units. */
export function pinBounds(object: ObjectState, rect: Rect): Rect {
  const unit = 1 / gridScale(rect);
  const { x, y } = startOf(object);
  return { x: x - RADIUS * unit, y: y - (RISE + RADIUS) * unit, width: 2 * RADIUS * unit, height: (RISE + RADIUS) * unit };
}

/**
 * Draws a pin: filled while there is something to do, an outline once there is not,
 * with the sign of its status.
 */
export function drawPin(context: CanvasRenderingContext2D, surface: Surface, object: ObjectState, number: number): void {
  const status = statusOf(object);
  const color = cssColor(object.color);
  const settled = isSettled(status);
  toPixels(context, surface, toStage(startOf(object), surface.rect));
  const head = teardrop();
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0, 0, 0, 0.65)";
  context.stroke(head);
  context.fillStyle = settled ? DARK : color;
  context.fill(head);
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.stroke(head);
  drawNumber(context, number, settled ? color : inkOn(object.color));
  drawSign(context, status, color);
}

function toPixels(context: CanvasRenderingContext2D, { pixelRatio }: Surface, { x, y }: Point): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, x * pixelRatio, y * pixelRatio);
}

/** A circle whose sides run together in the tip at 0,0. */
function teardrop(): Path2D {
  const path = new Path2D();
  const half = Math.acos(RADIUS / RISE);
  path.moveTo(0, 0);
  path.arc(0, -RISE, RADIUS, Math.PI / 2 + half, Math.PI / 2 - half);
  path.closePath();
  return path;
}

function drawNumber(context: CanvasRenderingContext2D, number: number, ink: string): void {
  context.save();
  context.font = `600 ${number < 100 ? 12 : 9}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink;
  context.fillText(String(number), 0, 0.5 - RISE);
  context.restore();
}

function drawSign(context: CanvasRenderingContext2D, status: ThreadStatus, color: string): void {
  const sign = SIGNS[status];
  if (!sign) return;
  context.translate(RADIUS - 1, -RISE - RADIUS + 2);
  context.beginPath();
  context.arc(0, 0, BADGE_RADIUS, 0, 2 * Math.PI);
  context.fillStyle = DARK;
  context.fill();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.stroke();
  context.strokeStyle = LIGHT;
  context.lineWidth = 1.75;
  context.stroke(new Path2D(sign));
}

/** Ink that reads on a colour, by its luma. */
export function inkOn(rgba: number): string {
  const [red, green, blue] = [24, 16, 8].map((shift) => (rgba >>> shift) & 0xff) as [number, number, number];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 110 ? DARK : LIGHT;
}
