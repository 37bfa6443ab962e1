import type { ObjectState, SharedDocument } from "@fmz/client";
import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";

/** The own changes: what waits for the server, and what can be undone. */
export class Edits {
  /** Own ops that the server has not confirmed. */
  readonly pending = signal(0);
  /** The same as a person counts: marks that were drawn or changed; a deletion counts as one. */
  readonly waiting = computed(() => {
    const marks = this.marks.value.filter(({ pending }) => pending).length;
    return Math.max(marks, Math.min(this.pending.value, 1));
  });
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);

  constructor(
    document: Pick<SharedDocument, "on">,
    private readonly marks: ReadonlySignal<readonly ObjectState[]>,
  ) {
    document.on("progress", ({ pending, canUndo, canRedo }) => {
      batch(() => {
        this.pending.value = pending;
        this.canUndo.value = canUndo;
        this.canRedo.value = canRedo;
      });
    });
  }
}
