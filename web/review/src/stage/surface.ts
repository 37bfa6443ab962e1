import { gridScale, type Rect } from "../grid/geometry";

/** A canvas that covers the stage: the place of the picture on it, and its pixels per CSS px. */
export interface Surface {
  readonly rect: Rect;
  readonly pixelRatio: number;
}

/** Makes a context draw in grid units. */
export function toGridSpace(context: CanvasRenderingContext2D, { rect, pixelRatio }: Surface): void {
  const scale = gridScale(rect) * pixelRatio;
  context.setTransform(scale, 0, 0, scale, rect.x * pixelRatio, rect.y * pixelRatio);
}
