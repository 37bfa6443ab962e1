import { limits } from "@fmz/client";
import { signal } from "@preact/signals";
import type { Point } from "../grid/geometry";
import type { Sight } from "./sight";

/** Fewer vertices enclose nothing. */
export const VERTICES_MIN = 3;
/** A polygon's vertices travel in one append. */
export const VERTICES_MAX = limits.APPEND_POINTS_MAX;

/**
 * A polygon whose vertices are being put one by one. It enters the document when it is
 * closed. Places in grid units.
 */
export class PolygonDraft {
  readonly vertices = signal<readonly Point[]>([]);
  /** Place at which the next vertex would be. */
  readonly aim = signal<Point | undefined>(undefined);
  private first: Sight | undefined;

  get active(): boolean {
    return this.vertices.peek().length > 0;
  }

  get closable(): boolean {
    return this.vertices.peek().length >= VERTICES_MIN;
  }

  /** The picture that was seen at the first vertex. */
  get sight(): Sight | undefined {
    return this.first;
  }

  /**
   * Puts a vertex. Returns true if the place lies within `reach` of the first one, which asks to close
   * the polygon.
   */
  put(at: Point, reach: number, sight: Sight): boolean {
    const vertices = this.vertices.peek();
    const [first, last] = [vertices[0], vertices.at(-1)];
    if (first && this.closable && isNear(first, at, reach)) return true;
    // The second press of a double click.
    if (last && isNear(last, at, reach / 2)) return false;
    if (vertices.length === VERTICES_MAX) return false;
    this.first ??= sight;
    this.vertices.value = [...vertices, at];
    return false;
  }

  removeLast(): void {
    this.vertices.value = this.vertices.peek().slice(0, -1);
    if (!this.active) this.drop();
  }

  drop(): void {
    this.vertices.value = [];
    this.aim.value = undefined;
    this.first = undefined;
  }
}

function isNear(one: Point, other: Point, reach: number): boolean {
  return Math.hypot(one.x - other.x, one.y - other.y) <= reach;
}
