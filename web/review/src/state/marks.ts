import { Kind, type ObjectId, type ObjectState, type SharedDocument } from "@fmz/client";
import { signal } from "@preact/signals";

/** Key of an object in maps and in the page: `author:counter`. */
export type MarkKey = string;

export function keyOf(id: ObjectId | undefined): MarkKey {
  return `${id?.author ?? 0}:${id?.counter ?? 0}`;
}

/** The document's objects as the page shows them, in drawing order. */
export class Marks {
  /** Objects in drawing order. A new array at each change that the list of notes shows. */
  readonly list = signal<readonly ObjectState[]>([]);
  readonly selected = signal<MarkKey | undefined>(undefined);
  private byKey = new Map<MarkKey, ObjectState>();
  /** The objects of `byKey`, until one changes. */
  private ordered: readonly ObjectState[] | undefined;
  private readonly listeners = new Set<ChangeListener>();

  constructor(readonly document: Pick<SharedDocument, "on" | "revision">) {
    document.on("changed", ({ kind, objects }) => {
      if (kind === "all") this.load(objects);
      else if (objects.map((object) => this.replace(object)).includes(true)) this.publish(this.all().toSorted(inDrawingOrder));
      for (const listener of this.listeners) listener(objects);
    });
  }

  /** Calls `listener` at each change, also of strokes that grow, until the result is called. */
  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get(key: MarkKey | undefined): ObjectState | undefined {
    return key === undefined ? undefined : this.byKey.get(key);
  }

  has(key: MarkKey): boolean {
    return this.byKey.has(key);
  }

  /** Returns the objects in drawing order, as of now. */
  all(): readonly ObjectState[] {
    return (this.ordered ??= [...this.byKey.values()]);
  }

  /** Takes all objects, which come in drawing order. */
  private load(objects: readonly ObjectState[]): void {
    this.publish(objects.filter(({ deleted }) => !deleted));
  }

  /** Takes an object's new state. Returns true if the list of notes shows the difference. */
  private replace(next: ObjectState): boolean {
    const key = keyOf(next.id);
    const before = this.byKey.get(key);
    this.ordered = undefined;
    if (next.deleted) return this.byKey.delete(key);
    this.byKey.set(key, next);
    return !before || noteOf(before) !== noteOf(next);
  }

  private publish(sorted: readonly ObjectState[]): void {
    this.byKey = new Map(sorted.map((object) => [keyOf(object.id), object]));
    this.ordered = sorted;
    this.list.value = sorted;
    const selected = this.selected.peek();
    if (selected !== undefined && !this.byKey.has(selected)) this.selected.value = undefined;
  }
}

/** Takes the objects that changed, the deleted among them. */
export type ChangeListener = (changed: readonly ObjectState[]) => void;

/** Returns true while an object is being drawn. */
export function isGrowing(object: ObjectState): boolean {
  return object.kind === Kind.BRUSH && !object.ended;
}

/**
 * The revision by which an object counts as created while the server has not confirmed it: later
 * than all others.
 */
const UNCONFIRMED = 2n ** 53n;

/**
 * Compares by order key, byte by byte, then by creation. Objects that wait for the server lie on top,
 * as they were made.
 */
export function inDrawingOrder(left: ObjectState, right: ObjectState): number {
  const created = ({ createdRevision }: ObjectState): bigint => createdRevision || UNCONFIRMED;
  const asCreated = left.order.length === 0 && right.order.length === 0;
  return (
    (asCreated ? 0 : compareBytes(orderOf(left, created(left)), orderOf(right, created(right)))) ||
    Number(created(left) - created(right)) ||
    (left.id?.counter ?? 0) - (right.id?.counter ?? 0)
  );
}

function orderOf({ order }: ObjectState, created: bigint): Uint8Array {
  if (order.length > 0) return order;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, created);
  return bytes;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function noteOf(object: ObjectState): string {
  const { createdRevision, order, pending, ended, color, text, status, assignee, stamp, frame } = object;
  return [frame?.frameIndex, frame?.rtpTimestamp, frame?.uncertain, createdRevision, order.join(), pending, ended, color, status, assignee, stamp, text].join(" ");
}
