import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useRoom } from "../state/context";
import type { RoomState } from "../state/room";
import { mountOverlay } from "../stage/mount";
import { StageState } from "./stage-state";
import { TextEntryBox } from "./text-entry";

/** The picture with its marks. Element sizes are set directly: they follow the pointer. */
export function Stage() {
  const room = useRoom();
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const motion = useRef<HTMLCanvasElement>(null);

  useEffect(() => (stage.current ? followSize(room, stage.current) : undefined), [room]);
  useEffect(() => {
    if (!video.current || !still.current) return undefined;
    return room.picture.attach(video.current, still.current);
  }, [room]);
  useEffect(() => {
    if (!marks.current || !motion.current) return undefined;
    return mountOverlay(room, { marks: marks.current, motion: motion.current });
  }, [room]);
  useSignalEffect(() => {
    const { x, y, width, height } = room.view.rect.value;
    for (const element of [video.current, still.current]) {
      if (!element) continue;
      const place = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
      Object.assign(element.style, place);
    }
  });
  useSignalEffect(() => {
    if (video.current) showMain(room, video.current);
  });

  const onSize = (): void => {
    const element = video.current;
    if (element?.videoWidth) room.view.picture.value = { width: element.videoWidth, height: element.videoHeight };
  };
  return (
    <div class="stage" ref={stage} data-tool={room.rights.value.annotate ? room.tools.tool.value : "select"}>
      <video class="picture" ref={video} muted autoplay playsInline disablePictureInPicture onResize={onSize} onLoadedMetadata={onSize} />
      <canvas class="still" ref={still} hidden={!room.picture.frozen.value} />
      <canvas class="overlay" ref={marks} />
      <canvas class="overlay input" ref={motion} />
      <TextEntryBox />
      <StageState />
    </div>
  );
}

function followSize(room: RoomState, element: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    room.view.stage.value = { width: element.clientWidth || 1, height: element.clientHeight || 1 };
  });
  observer.observe(element);
  return () => {
    observer.disconnect();
  };
}

/** Shows the main publication; while its stream is on its way, the last picture stays. */
function showMain(room: RoomState, video: HTMLVideoElement): void {
  const main = room.main.value;
  const stream = main && room.streamOf(main);
  if (!main && video.srcObject) {
    video.srcObject = null;
    room.view.picture.value = undefined;
    room.picture.follow(undefined);
  }
  if (!main || !stream) return;
  // A stream can be published anew under another id.
  if (room.picture.publication.peek()?.publication !== main.publication || video.srcObject !== stream) room.picture.follow(main);
  if (video.srcObject !== stream) {
    video.srcObject = stream;
  }
}
