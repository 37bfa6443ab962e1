import { useLayoutEffect, useRef } from "preact/hooks";
import { gridScale, toStage } from "../grid/geometry";
import { writeText } from "../stage/gestures";
import { useRoom } from "../state/context";
import { keyOf } from "../state/marks";
import { PALETTE } from "../state/tools";
import { TextChangeBox } from "./text-change";
import { TextBox } from "./text-box";
import { placeText } from "./text-place";

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
    placeText(element, toStage(entry.start, room.view.rect.value), height, color ?? "");
    element.focus();
  });
  if (!entry) return null;
  if (entry.mark) return <TextChangeBox key={keyOf(entry.mark)} id={entry.mark} />;

  const finish = (keep: boolean): void => {
    const id = room.document.nextId();
    const text = box.current?.value.trim() ?? "";
    if (!room.textEntry.peek()) return;
    room.textEntry.value = undefined;
    if (keep && text !== "" && id) writeText(room, id, entry.start, entry.sight, text);
  };
  return <TextBox box={box} finish={finish} />;
}
