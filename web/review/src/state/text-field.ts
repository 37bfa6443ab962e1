import { mergedText, movedCaret, textEdit, type ObjectId, type SharedDocument } from "@fmz/client";
import type { Drafts } from "./drafts";
import { keyOf, type Marks } from "./marks";
import { deleteOp } from "./ops";

/** The parts of the room that a field works on. */
export interface TextFieldParts {
  readonly document: Pick<SharedDocument, "submit" | "beginGesture" | "endGesture" | "undo">;
  readonly marks: Pick<Marks, "get" | "onChange">;
  readonly drafts: Pick<Drafts, "text">;
}

/** Keeps a text field and a mark's words the same, while people here and elsewhere write in it. */
export class TextField {
  /** The words that the field held when both were the same last. */
  private same: string;
  /** The words as they were without what was written here. */
  private without: string;
  private composing = false;
  private writing = false;
  private finished = false;

  constructor(
    private readonly parts: TextFieldParts,
    private readonly id: ObjectId,
    private readonly field: HTMLTextAreaElement,
  ) {
    this.same = this.without = this.words() ?? "";
  }

  /** Begins one step of undo, and shows what others write; the result ends it. */
  start(): () => void {
    const { field } = this;
    const { document, marks } = this.parts;
    const controller = new AbortController();
    const options = { signal: controller.signal };
    field.addEventListener("compositionstart", () => {
      this.composing = true;
    }, options);
    field.addEventListener("compositionend", () => {
      this.composing = false;
      this.write();
    }, options);
    field.addEventListener("input", () => {
      this.write();
    }, options);
    field.value = this.same;
    document.beginGesture();
    const forget = marks.onChange(() => {
      this.follow();
    });
    field.focus();
    field.select();
    return () => {
      controller.abort();
      forget();
      this.finish(true);
    };
  }

  /** Ends the change. A text without words is no mark. */
  finish(keep: boolean): void {
    if (this.finished) return;
    this.finished = true;
    const { document } = this.parts;
    const words = this.words();
    if (keep && words?.trim() === "") document.submit([deleteOp(this.id)]);
    document.endGesture();
    if (!keep && words !== this.without) document.undo();
    this.parts.drafts.text.value = undefined;
  }

  private words(): string | undefined {
    return this.parts.marks.get(keyOf(this.id))?.text;
  }

  /**
   * Sends what was written here. A word that an input method is composing is sent when it is done.
   */
  private write(): void {
    const now = this.words();
    if (this.composing || this.finished || now === undefined || this.field.value === this.same) return;
    const after = mergedText(this.same, this.field.value, now);
    this.without = mergedText(this.same, this.without, now);
    this.writing = true;
    this.parts.document.submit([textEdit(this.id, now, after)]);
    this.writing = false;
    this.show(this.words() ?? now);
  }

  /** Shows what was written elsewhere; the caret stays at its place. */
  private follow(): void {
    const now = this.words();
    if (now === undefined) this.finish(true);
    if (this.composing || this.writing || this.finished || now === undefined) return;
    this.without = mergedText(this.same, this.without, now);
    this.show(now);
  }

  private show(now: string): void {
    const { value, selectionStart, selectionEnd } = this.field;
    this.same = now;
    if (value === now) return;
    this.field.value = now;
    this.field.setSelectionRange(movedCaret(value, now, selectionStart), movedCaret(value, now, selectionEnd));
  }
}
