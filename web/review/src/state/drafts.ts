import type { ObjectId } from "@fmz/client";
import { signal } from "@preact/signals";
import type { Point } from "../grid/geometry";
import type { Sight } from "./sight";

/**
 * A text that is being written: a new one on the picture that its author saw, or one that is there
 * already and is being changed.
 */
export type TextDraft = {
  /** Start of the baseline, grid units. */
  readonly start: Point;
} & ({ readonly sight: Sight; readonly mark?: undefined } | { readonly mark: ObjectId });

/** A comment that is being written: the place of its pin, and the picture that its author saw. */
export interface CommentDraft {
  /** Grid units. */
  readonly start: Point;
  readonly sight: Sight;
}

/**
 * Words that are being written and are not in the document yet: on the picture, and in the notes.
 * There may be one of each, so that nobody loses half a comment by putting a text.
 */
export class Drafts {
  readonly text = signal<TextDraft | undefined>(undefined);
  readonly comment = signal<CommentDraft | undefined>(undefined);
}
