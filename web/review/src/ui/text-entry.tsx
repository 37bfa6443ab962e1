import { useLayoutEffect, useRef } from "preact/hooks";
import { limits } from "@fmz/client";
import { t } from "../i18n";
import { gridScale, toStage } from "../stage/geometry";
import { writeText } from "../stage/gestures";
import { FONT, LINE_HEIGHT } from "../stage/shapes";
import { useRoom } from "../state/context";
import { PALETTE } from "../state/tools";

/** From the top of a line to its baseline, in text heights. */
const ASCENT = LINE_HEIGHT / 2 + 0.35;

/** A text being written on the picture, where it will stand. Enter keeps it, Escape drops it. */
export function TextEntryBox() {
  const room = useRoom();
  const box = useRef<HTMLTextAreaElement>(null);
  const entry = room.textEntry.value;
  const height = room.tools.textHeight * gridScale(room.view.rect.value);
  const color = PALETTE[room.tools.color.value];
  // Before the next key arrives: it belongs to the text, not to the tools.
  useLayoutEffect(() => {
    const element = box.current;
    if (!entry || !element) return;
    const { x, y } = toStage(entry.start, room.view.rect.value);
    const place = { left: `${x}px`, top: `${y - ASCENT * height}px` };
    Object.assign(element.style, place, { font: `${height}px/${LINE_HEIGHT} ${FONT}`, color, caretColor: color });
    element.focus();
  });
  if (!entry) return null;

  const finish = (keep: boolean): void => {
    const id = room.document.nextId();
    const text = box.current?.value.trim() ?? "";
    if (!room.textEntry.peek()) return;
    room.textEntry.value = undefined;
    if (keep && text !== "" && id) writeText(room, id, entry.start, entry.frame, text);
  };
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
