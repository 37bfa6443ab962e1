import { Kind, Status, type ObjectState } from "@fmz/client";
import { isGrowing, keyOf, type MarkKey } from "./marks";

/** Statuses of a thread, in the order that a list offers. */
export const STATUSES = [Status.OPEN, Status.IN_PROGRESS, Status.RESOLVED, Status.APPROVED, Status.REJECTED] as const;
export type ThreadStatus = (typeof STATUSES)[number];

/** Returns the status of a pin. One that this page does not know counts as open. */
export function statusOf({ status }: ObjectState): ThreadStatus {
  return STATUSES.find((known) => known === status) ?? Status.OPEN;
}

/** Returns true if nothing is left to do. */
export function isSettled(status: ThreadStatus): boolean {
  return status !== Status.OPEN && status !== Status.IN_PROGRESS;
}

/** Returns the marks that have a note of their own: replies stand in their thread. */
export function notesOf(marks: readonly ObjectState[]): ObjectState[] {
  return marks.filter((mark) => mark.kind !== Kind.REPLY && !isGrowing(mark));
}

/**
 * Returns the note before (-1) or after (1) the chosen one, and around the end; if none is chosen,
 * the last or the first.
 */
export function noteBeside(notes: readonly ObjectState[], chosen: MarkKey | undefined, by: -1 | 1): ObjectState | undefined {
  const at = notes.findIndex(({ id }) => keyOf(id) === chosen);
  const from = at === -1 && by === -1 ? 0 : at;
  return notes.at((from + by) % (notes.length || 1));
}

/**
 * Returns all replies by their pin, oldest first. One walk over the marks serves every thread: a walk
 * for each of 300 rows was 15 million steps in a room with 50,000 marks.
 */
export function repliesByPin(marks: readonly ObjectState[]): Map<MarkKey, ObjectState[]> {
  const byPin = new Map<MarkKey, ObjectState[]>();
  for (const mark of marks) {
    if (mark.kind !== Kind.REPLY) continue;
    const pin = keyOf(mark.parent);
    const replies = byPin.get(pin);
    if (replies) replies.push(mark);
    else byPin.set(pin, [mark]);
  }
  for (const replies of byPin.values()) replies.sort(asCreated);
  return byPin;
}

/**
 * Returns the numbers of pins: they count from 1 in the order in which they were put. If one is
 * deleted, those behind it move up.
 */
export function pinNumbers(marks: readonly ObjectState[]): Map<MarkKey, number> {
  const pins = marks.filter(({ kind }) => kind === Kind.PIN).sort(asCreated);
  return new Map(pins.map(({ id }, index) => [keyOf(id), index + 1]));
}

/** Compares by creation. Marks that wait for the server come last, as they were made. */
function asCreated(left: ObjectState, right: ObjectState): number {
  const [one, other] = [left.createdRevision, right.createdRevision];
  if (one === other) return (left.id?.counter ?? 0) - (right.id?.counter ?? 0);
  if (one === 0n) return 1;
  if (other === 0n) return -1;
  return one < other ? -1 : 1;
}
