import type { ObjectState } from "@fmz/client";
import { signal } from "@preact/signals";
import { isOfMedia, isOnFrame, type PictureSource } from "./picture-source";

/** Which marks this viewer wants to see over the picture. */
export class Visibility {
  readonly hidden = signal(false);
  /** True if only the marks of the frame on the screen are asked for. */
  readonly onlyThisFrame = signal(false);

  constructor(private readonly picture: Pick<PictureSource, "shown" | "media">) {}

  /**
   * Returns true if a mark is seen over the picture of now: on this very frame if only its marks are
   * asked for, else on its media.
   */
  isSeen({ frame }: Pick<ObjectState, "frame">): boolean {
    const { shown, media } = this.picture;
    return this.onlyThisFrame.peek() ? isOnFrame(frame, shown.peek()) : isOfMedia(frame, media.peek());
  }

  /** Returns those of the notes that are listed now. Reading it in a computation subscribes. */
  listed(notes: readonly ObjectState[]): readonly ObjectState[] {
    if (!this.onlyThisFrame.value) return notes;
    const shown = this.picture.shown.value;
    return notes.filter(({ frame }) => isOnFrame(frame, shown));
  }
}
