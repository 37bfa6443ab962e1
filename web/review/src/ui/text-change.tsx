import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { limits, type ObjectId } from "@fmz/client";
import { t } from "../i18n";
import { gridScale, toStage } from "../stage/geometry";
import { startOf } from "../stage/shapes";
import { useRoom } from "../state/context";
import { keyOf } from "../state/marks";
import { TextField } from "../state/text-field";
import { cssColor } from "../state/tools";
import { placeText } from "./text-place";

/** A text on the picture whose words are being changed, by others too. Enter keeps the change, Escape drops the own one. */
export function TextChangeBox({ id }: { readonly id: ObjectId }) {
  const room = useRoom();
  const box = useRef<HTMLTextAreaElement>(null);
  const field = useRef<TextField | null>(null);
  const mark = room.marks.get(keyOf(id));
  const rect = room.view.rect.value;
  useLayoutEffect(() => {
    if (!mark || !box.current) return;
    placeText(box.current, toStage(startOf(mark), rect), mark.width * gridScale(rect), cssColor(mark.color));
  });
  useEffect(() => {
    if (!box.current) return undefined;
    field.current = new TextField(room, id, box.current);
    return field.current.start();
  }, [room, id]);

  const finish = (keep: boolean): void => {
    field.current?.finish(keep);
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
