import type { Point } from "../grid/geometry";
import { FONT, LINE_HEIGHT } from "../grid/shapes";

/** From the top of a line to its baseline, in text heights. */
const ASCENT = LINE_HEIGHT / 2 + 0.35;

/** Lays a field over the picture where its text stands; `height` in CSS px. */
export function placeText(field: HTMLElement, baseline: Point, height: number, color: string): void {
  const place = { left: `${baseline.x}px`, top: `${baseline.y - ASCENT * height}px` };
  Object.assign(field.style, place, { font: `${height}px/${LINE_HEIGHT} ${FONT}`, color, caretColor: color });
}
