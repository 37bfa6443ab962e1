import { Kind, type ObjectId, type ObjectState, type SharedDocument } from "@fmz/client";
import { signal } from "@preact/signals";

/** Key of an object in maps and in the page. */
export type MarkKey = string;

export function keyOf(id: ObjectId | undefined): MarkKey {
  return `${id?.author ?? 0}:${id?.counter ?? 0}`;
}

/** The document's objects as the page shows them, in drawing order. */
export class Marks {
  /** Objects in drawing order. A new array at each change that the list of notes shows. */
  readonly list = signal<readonly ObjectState[]>([]);
  readonly selected = signal<MarkKey | undefined>(undefined);
  private readonly byKey = new Map<MarkKey, ObjectState>();
  private readonly listeners = new Set<(changed: readonly ObjectState[]) => void>();

  constructor(readonly document: SharedDocument) {
    document.on("changed", ({ kind, objects }) => {
      if (kind === "all") this.byKey.clear();
      const noted = objects.map((object) => this.replace(object));
      if (kind === "all" || noted.includes(true)) this.publish();
      for (const listener of this.listeners) listener(objects);
    });
  }

  /** Calls `listener` at each change, strokes that grow included. */
  onChange(listener: (changed: readonly ObjectState[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get(key: MarkKey | undefined): ObjectState | undefined {
    return key === undefined ? undefined : this.byKey.get(key);
  }

  has(key: MarkKey): boolean {
    return this.byKey.has(key);
  }

  /** Objects in drawing order, as of now. */
  all(): ObjectState[] {
    return [...this.byKey.values()];
  }

  /** Takes an object's new state; true where the list of notes shows the difference. */
  private replace(next: ObjectState): boolean {
    const key = keyOf(next.id);
    const before = this.byKey.get(key);
    if (next.deleted) return this.byKey.delete(key);
    this.byKey.set(key, next);
    return !before || noteOf(before) !== noteOf(next);
  }

  private publish(): void {
    const sorted = this.all().sort(inDrawingOrder);
    this.byKey.clear();
    for (const object of sorted) this.byKey.set(keyOf(object.id), object);
    this.list.value = sorted;
    const selected = this.selected.peek();
    if (selected !== undefined && !this.byKey.has(selected)) this.selected.value = undefined;
  }
}

/** True where an object is still being drawn. */
export function isGrowing(object: ObjectState): boolean {
  return object.kind === Kind.BRUSH && !object.ended;
}

/** Committed objects by revision; those that wait for the server lie on top, as they were made. */
function inDrawingOrder(left: ObjectState, right: ObjectState): number {
  const revision = (object: ObjectState): number => Number(object.createdRevision) || Number.MAX_SAFE_INTEGER;
  return revision(left) - revision(right) || (left.id?.counter ?? 0) - (right.id?.counter ?? 0);
}

function noteOf(object: ObjectState): string {
  return [object.createdRevision, object.pending, object.ended, object.color, object.text].join(" ");
}
