import { Kind, Status, type ObjectState } from "@fmz/client";
import { isGrowing, keyOf, type MarkKey } from "./marks";

/** Where a thread may stand, in the order that a list offers. */
export const STATUSES = [Status.OPEN, Status.IN_PROGRESS, Status.RESOLVED, Status.APPROVED, Status.REJECTED] as const;
export type ThreadStatus = (typeof STATUSES)[number];

/** A status that this page does not know counts as open. */
export function statusOf({ status }: ObjectState): ThreadStatus {
  return STATUSES.find((known) => known === status) ?? Status.OPEN;
}

/** Nothing is left to do. */
export function isSettled(status: ThreadStatus): boolean {
  return status !== Status.OPEN && status !== Status.IN_PROGRESS;
}

/** Marks that have a row of their own among the notes: replies stand in their thread. */
export function notesOf(marks: readonly ObjectState[]): ObjectState[] {
  return marks.filter((mark) => mark.kind !== Kind.REPLY && !isGrowing(mark));
}

/**
 * The note before (-1) or after (1) the chosen one, and around the end; from nothing
 * chosen, the last or the first.
 */
export function noteBeside(notes: readonly ObjectState[], chosen: MarkKey | undefined, by: -1 | 1): ObjectState | undefined {
  const at = notes.findIndex(({ id }) => keyOf(id) === chosen);
  const from = at === -1 && by === -1 ? 0 : at;
  return notes.at((from + by) % (notes.length || 1));
}

/** Replies to a pin, oldest first. */
export function repliesOf(marks: readonly ObjectState[], pin: MarkKey): ObjectState[] {
  const replies = marks.filter(({ kind, parent }) => kind === Kind.REPLY && keyOf(parent) === pin);
  return replies.sort(asCreated);
}

/** Pins count from 1 in the order they were put; who deletes one moves up those behind it. */
export function pinNumbers(marks: readonly ObjectState[]): Map<MarkKey, number> {
  const pins = marks.filter(({ kind }) => kind === Kind.PIN).sort(asCreated);
  return new Map(pins.map(({ id }, index) => [keyOf(id), index + 1]));
}

/** Those that wait for the server come last, as they were made. */
function asCreated(left: ObjectState, right: ObjectState): number {
  const [one, other] = [left.createdRevision, right.createdRevision];
  if (one === other) return (left.id?.counter ?? 0) - (right.id?.counter ?? 0);
  if (one === 0n) return 1;
  if (other === 0n) return -1;
  return one < other ? -1 : 1;
}
