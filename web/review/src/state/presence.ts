import type { GridPoint, Pointers, Session } from "@fmz/client";
import { signal } from "@preact/signals";

/** Pointers on the picture, grid units: those of the others, and the own one. */
export class Presence {
  /** Places by participant number. The map is one and the same; each change gives a new object. */
  readonly pointers = signal<{ readonly all: Pointers["all"] }>({ all: new Map() });

  constructor(private readonly session: Pick<Session, "on" | "point">) {
    session.on("pointers", ({ all }) => {
      this.pointers.value = { all };
    });
  }

  /** Moves the own pointer; `undefined` takes it off the picture. */
  point(place: GridPoint | undefined): void {
    this.session.point(place);
  }
}
