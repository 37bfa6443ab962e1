import { create } from "@bufbuild/protobuf";
import { OpSchema, TextEditSchema, TextStepSchema, type ObjectId, type Op, type TextStep } from "../gen/fmz/v1/annotation_pb";

/** One place of a text that changed. Counts are Unicode scalar values, as in `TextStep`. */
interface Change {
  readonly start: number;
  readonly removed: number;
  readonly inserted: readonly string[];
}

/**
 * Returns the op that makes `after` of an object's text `before`: one place is replaced, as a
 * keystroke or a paste does.
 */
export function textEdit(id: ObjectId, before: string, after: string): Op {
  const { start, removed, inserted } = changeBetween(scalars(before), scalars(after));
  const steps: TextStep["step"][] = [
    { case: "retain", value: start },
    { case: "insert", value: inserted.join("") },
    { case: "delete", value: removed },
  ];
  const filled = steps.filter(({ value }) => value !== 0 && value !== "");
  const value = create(TextEditSchema, { id, steps: filled.map((step) => create(TextStepSchema, { step })) });
  return create(OpSchema, { op: { case: "textEdit", value } });
}

/**
 * Returns the text for a field that showed `before` and holds `mine`, if the text has become
 * `theirs` meanwhile.
 */
export function mergedText(before: string, mine: string, theirs: string): string {
  const [from, now] = [scalars(before), scalars(theirs)];
  const own = changeBetween(from, scalars(mine));
  const other = changeBetween(from, now);
  const start = moved(own.start, other);
  const end = Math.max(start, moved(own.start + own.removed, other));
  return [...now.slice(0, start), ...own.inserted, ...now.slice(end)].join("");
}

/**
 * Returns the place of a caret, UTF-16 units as in a text field, after its text changed around it.
 */
export function movedCaret(before: string, after: string, caret: number): number {
  const to = scalars(after);
  const change = changeBetween(scalars(before), to);
  const place = moved(scalars(before.slice(0, caret)).length, change);
  return to.slice(0, place).join("").length;
}

/** Returns the Unicode scalar values of a text: the document counts these. */
function scalars(text: string): string[] {
  return Array.from(text);
}

/**
 * Returns a place in a text after a change of it. A place that was removed moves behind the new
 * text.
 */
function moved(place: number, { start, removed, inserted }: Change): number {
  if (place <= start) return place;
  const behind = Math.max(place - start - removed, 0);
  return start + inserted.length + behind;
}

function changeBetween(from: readonly string[], to: readonly string[]): Change {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < shorter - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  return { start, removed: from.length - end - start, inserted: to.slice(start, to.length - end) };
}
