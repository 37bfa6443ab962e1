import { limits } from "@fmz/client";
import { SendHorizontal, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { IconButton } from "./icon-button";

export interface CommentBoxProps {
  /** Name of the box. */
  readonly label: string;
  readonly id: string;
  /** Takes the focus each time this changes; never if it is left out. */
  readonly focusFor?: unknown;
  /** Takes the words. Returns false if that is not possible; then they stay in the box. */
  readonly onSend: (text: string) => boolean;
  /** Drops the words, on Escape too; to be left out if nothing opened the box. */
  readonly onDrop?: () => void;
}

/**
 * Shows a box beside the picture for words of a thread. Enter sends, Shift+Enter begins a new line.
 */
export function CommentBox({ label, id, focusFor, onSend, onDrop }: CommentBoxProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focusFor === undefined) return;
    box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: "nearest" });
  }, [focusFor]);
  const send = (): void => {
    const text = box.current?.value.trim();
    if (box.current && text && onSend(text)) box.current.value = "";
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While a word is being composed, both keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      box.current?.blur();
      onDrop?.();
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div class="comment-box">
      <textarea
        ref={box}
        id={id}
        aria-label={label}
        placeholder={label}
        rows={1}
        maxLength={Math.floor(limits.TEXT_BYTES_MAX / 4)}
        onKeyDown={onKeyDown}
      />
      <IconButton id={`${id}-send`} icon={SendHorizontal} label={t("thread.send")} shortcut="Enter" onClick={send} />
      {onDrop && <IconButton icon={X} label={t("thread.drop")} shortcut="Esc" onClick={onDrop} />}
    </div>
  );
}
