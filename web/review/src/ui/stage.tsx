import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { mountOverlay } from "../stage/mount";
import type { StageParts } from "../stage/parts";
import type { View } from "../state/view";
import { StageState } from "./stage-state";
import { TextEntryBox } from "./text-entry";

/** The picture with its marks. Element sizes are set directly: they follow the pointer. */
export function Stage({ parts }: { readonly parts: StageParts }) {
  const { people, picture, tools, view } = parts;
  const stage = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const motion = useRef<HTMLCanvasElement>(null);

  useEffect(() => (stage.current ? followSize(view, stage.current) : undefined), [view]);
  useEffect(() => (place.current ? picture.attach(place.current) : undefined), [picture]);
  useEffect(() => {
    if (!marks.current || !motion.current) return undefined;
    return mountOverlay(parts, { marks: marks.current, motion: motion.current });
  }, [parts]);
  useSignalEffect(() => {
    const { x, y, width, height } = view.rect.value;
    const css = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
    if (place.current) Object.assign(place.current.style, css);
  });

  return (
    <div class="stage" ref={stage} data-tool={people.rights.value.annotate ? tools.tool.value : "select"}>
      <div class="picture-place" ref={place} />
      <canvas class="overlay" ref={marks} />
      <canvas class="overlay input" ref={motion} />
      <TextEntryBox />
      <StageState />
    </div>
  );
}

function followSize(view: View, element: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    view.stage.value = { width: element.clientWidth || 1, height: element.clientHeight || 1 };
  });
  observer.observe(element);
  return () => {
    observer.disconnect();
  };
}
