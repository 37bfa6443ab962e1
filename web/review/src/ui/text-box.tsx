import type { Ref } from "preact";
import { limits } from "@fmz/client";
import { t } from "../i18n";

/**
 * Shows the box in which the words of a text are written. Enter and a press elsewhere
 * keep them, Escape drops them.
 */
export function TextBox({ box, finish }: { readonly box: Ref<HTMLTextAreaElement>; readonly finish: (keep: boolean) => void }) {
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    // While a word is being composed, both keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === "Escape") finish(false);
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      finish(true);
    }
  };
  return (
    <textarea
      ref={box}
      class="text-entry"
      id="text-entry"
      aria-label={t("stage.text")}
      rows={1}
      maxLength={Math.floor(limits.TEXT_BYTES_MAX / 4)}
      spellcheck={false}
      onKeyDown={onKeyDown}
      onBlur={() => {
        finish(true);
      }}
    />
  );
}
