import { useLayoutEffect, useRef } from "preact/hooks";
import { gridScale, toStage } from "../grid/geometry";
import { writeText } from "../stage/gestures";
import { useDocument, useDrafts, useTools, useView } from "../state/context";
import { keyOf } from "../state/marks";
import { PALETTE } from "../state/tools";
import { TextChangeBox } from "./text-change";
import { TextBox } from "./text-box";
import { placeText } from "./text-place";

/** A text being written on the picture, where it will stand. Enter keeps it, Escape drops it. */
export function TextEntryBox() {
  const document = useDocument();
  const drafts = useDrafts();
  const tools = useTools();
  const rect = useView().rect.value;
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = drafts.text.value;
  const height = tools.textHeight * gridScale(rect);
  const color = PALETTE[tools.color.value];
  // Before the next key arrives: it belongs to the text, not to the tools.
  useLayoutEffect(() => {
    const element = box.current;
    if (!draft || !element) return;
    placeText(element, toStage(draft.start, rect), height, color ?? "");
    element.focus();
  });
  if (!draft) return null;
  if (draft.mark) return <TextChangeBox key={keyOf(draft.mark)} id={draft.mark} />;

  const finish = (keep: boolean): void => {
    const id = document.nextId();
    const text = box.current?.value.trim() ?? "";
    if (!drafts.text.peek()) return;
    drafts.text.value = undefined;
    if (keep && text !== "" && id) writeText({ document, tools }, id, draft.start, draft.sight, text);
  };
  return <TextBox box={box} finish={finish} />;
}
