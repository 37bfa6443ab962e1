import type { ObjectState } from "@fmz/client";

/** Finished marks that are still to be painted, in drawing order. */
export class Unpainted {
  private next = 0;

  constructor(private readonly marks: readonly ObjectState[]) {}

  get done(): boolean {
    return this.next === this.marks.length;
  }

  /** Draws marks, one at least, until all are drawn or the time `until` is reached. */
  paint(draw: (mark: ObjectState) => void, until: number, now: () => number): void {
    for (const mark of this.marks.slice(this.next)) {
      draw(mark);
      this.next += 1;
      if (now() >= until) break;
    }
  }
}
