import { limits } from "@fmz/client";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Point, Size {}

/** A fitted picture scaled about the stage's corner, then moved. */
export interface Placement extends Point {
  readonly scale: number;
}

/** Largest rectangle of the picture's shape inside the stage, centred. */
export function contain(picture: Size, stage: Size): Rect {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (stage.width - width) / 2, y: (stage.height - height) / 2, width, height };
}

/** The placement at another scale, with the point `at` of the stage showing what it showed. */
export function zoomedAt(placement: Placement, scale: number, at: Point): Placement {
  const ratio = scale / placement.scale;
  return { scale, x: at.x - (at.x - placement.x) * ratio, y: at.y - (at.y - placement.y) * ratio };
}

/**
 * Keeps a picture larger than the stage from leaving it, and a smaller one centred, on each axis.
 */
export function heldInView(placement: Placement, fitted: Rect, stage: Size): Placement {
  const { scale } = placement;
  const x = heldOnAxis(placement.x, fitted.x * scale, fitted.width * scale, stage.width);
  const y = heldOnAxis(placement.y, fitted.y * scale, fitted.height * scale, stage.height);
  return { scale, x, y };
}

function heldOnAxis(offset: number, start: number, length: number, room: number): number {
  if (length <= room) return (room - length) / 2 - start;
  return Math.min(-start, Math.max(room - length - start, offset));
}

/** CSS px per grid unit. */
export function gridScale(rect: Rect): number {
  return rect.width / limits.GRID_WIDTH;
}

/** Place on the grid under a point of the stage, whole units within the wire's range. */
export function toGrid(point: Point, rect: Rect): Point {
  const scale = gridScale(rect);
  return { x: gridUnit((point.x - rect.x) / scale), y: gridUnit((point.y - rect.y) / scale) };
}

/** Point of the stage over a place on the grid, CSS px. */
export function toStage(point: Point, rect: Rect): Point {
  const scale = gridScale(rect);
  return { x: rect.x + point.x * scale, y: rect.y + point.y * scale };
}

function gridUnit(value: number): number {
  return Math.max(-limits.COORDINATE_MAX, Math.min(limits.COORDINATE_MAX, Math.round(value)));
}
