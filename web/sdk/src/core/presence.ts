import { POINTERS_MAX } from "./limits";

/** A place on the picture, grid units. */
export interface GridPoint {
  readonly x: number;
  readonly y: number;
}

/** Places of the others' pointers, by participant number. */
export class Pointers {
  private readonly places = new Map<number, GridPoint>();

  get all(): ReadonlyMap<number, GridPoint> {
    return this.places;
  }

  set(participant: number, pointer: GridPoint | undefined): void {
    this.places.delete(participant);
    if (!pointer) return;
    this.places.set(participant, pointer);
    const [oldest] = this.places.keys();
    if (this.places.size > POINTERS_MAX && oldest !== undefined) this.places.delete(oldest);
  }

  clear(): void {
    this.places.clear();
  }
}
