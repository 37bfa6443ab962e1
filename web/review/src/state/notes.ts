import type { ObjectState } from "@fmz/client";
import { batch, computed, type ReadonlySignal } from "@preact/signals";
import type { CommentDraft, Drafts } from "./drafts";
import { keyOf, type MarkKey, type Marks } from "./marks";
import type { Panels } from "./panels";
import { noteBeside, notesOf, pinNumbers, repliesByPin } from "./threads";
import type { Visibility } from "./visibility";

/** The marks in words: the notes, the threads of pins, and the one that is chosen. */
export class Notes {
  /** Every mark that has a note, in drawing order. */
  readonly all = computed(() => notesOf(this.marks.list.value));
  /** The notes that are listed now. */
  readonly listed = computed(() => this.visibility.listed(this.all.value));
  /** Numbers of the pins. */
  readonly numbers: ReadonlySignal<ReadonlyMap<MarkKey, number>> = computed(() => pinNumbers(this.marks.list.value));
  private readonly replies = computed(() => repliesByPin(this.marks.list.value));

  constructor(
    private readonly marks: Pick<Marks, "list" | "selected">,
    private readonly visibility: Pick<Visibility, "listed">,
    private readonly panels: Pick<Panels, "showTab">,
    private readonly drafts: Pick<Drafts, "comment">,
  ) {}

  /** Returns the replies to a pin, oldest first. Reading it in a component subscribes. */
  repliesOf(pin: MarkKey): readonly ObjectState[] {
    return this.replies.value.get(pin) ?? [];
  }

  /** Chooses the note before (-1) or after (1) the chosen one. */
  step(by: -1 | 1): void {
    const note = noteBeside(this.listed.peek(), this.marks.selected.peek(), by);
    if (note) this.marks.selected.value = keyOf(note.id);
  }

  /** Chooses a pin and shows its thread. */
  openThread({ id }: Pick<ObjectState, "id">): void {
    batch(() => {
      this.marks.selected.value = keyOf(id);
      this.panels.showTab("notes");
    });
  }

  /** Shows the place of a comment on the picture, and the box for its words in the notes. */
  beginComment(draft: CommentDraft): void {
    batch(() => {
      this.marks.selected.value = undefined;
      this.drafts.comment.value = draft;
      this.panels.showTab("notes");
    });
  }
}
