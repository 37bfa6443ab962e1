import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ObjectId } from "@fmz/client";
import { gridScale, toStage } from "../grid/geometry";
import { startOf } from "../grid/shapes";
import { useDocument, useDrafts, useMarks, useView } from "../state/context";
import { keyOf } from "../state/marks";
import { TextField } from "../state/text-field";
import { cssColor } from "../state/tools";
import { TextBox } from "./text-box";
import { placeText } from "./text-place";

/**
 * A text on the picture whose words are being changed, by others too. Enter keeps the change,
 * Escape drops the own one.
 */
export function TextChangeBox({ id }: { readonly id: ObjectId }) {
  const document = useDocument();
  const drafts = useDrafts();
  const marks = useMarks();
  const box = useRef<HTMLTextAreaElement>(null);
  const field = useRef<TextField | null>(null);
  const mark = marks.get(keyOf(id));
  const rect = useView().rect.value;
  useLayoutEffect(() => {
    if (!mark || !box.current) return;
    placeText(box.current, toStage(startOf(mark), rect), mark.width * gridScale(rect), cssColor(mark.color));
  });
  useEffect(() => {
    if (!box.current) return undefined;
    field.current = new TextField({ document, drafts, marks }, id, box.current);
    return field.current.start();
  }, [document, drafts, marks, id]);

  const finish = (keep: boolean): void => {
    field.current?.finish(keep);
  };
  return <TextBox box={box} finish={finish} />;
}
