import { Eye, EyeOff, Layers, Layers2, Maximize, Minimize, Pause, Play, Scan, ZoomIn } from "lucide-preact";
import { t } from "../i18n";
import { usePeople, usePicture, useView, useVisibility } from "../state/context";
import { DrawingLook } from "./drawing-look";
import { isFullscreen, toggleFullscreen } from "./fullscreen";
import { IconButton } from "./icon-button";
import { Uncertain } from "./uncertain";

/** The row below the picture: the number of its frame, and the controls of the view. */
export function TransportRow() {
  const { annotate } = usePeople().rights.value;
  return (
    <section class="transport" aria-label={t("transport.label")}>
      <FrameReading />
      <FreezeButton />
      <span class="spring" />
      {annotate && <DrawingLook />}
      <span class="spring" />
      <MarkButtons />
      <ViewButtons />
    </section>
  );
}

function FrameReading() {
  const picture = usePicture();
  const shown = picture.shown.value;
  if (!shown) return null;
  return (
    <p class="frame-reading" aria-label={t("transport.timecode")}>
      {picture.timecode.value && <span class="timecode">{picture.timecode}</span>}
      {shown.index !== undefined && <span class="frame-number">f {shown.index}</span>}
      {shown.index !== undefined && !shown.certain && <Uncertain />}
    </p>
  );
}

function FreezeButton() {
  const picture = usePicture();
  if (!picture.size.value) return null;
  const frozen = picture.frozen.value;
  return (
    <IconButton
      id="freeze"
      icon={frozen ? Play : Pause}
      label={t(frozen ? "transport.unfreeze" : "transport.freeze")}
      shortcut="K"
      pressed={frozen}
      onClick={() => {
        picture.toggleFreeze();
      }}
    />
  );
}

function MarkButtons() {
  const visibility = useVisibility();
  const hidden = visibility.hidden.value;
  const only = visibility.onlyThisFrame.value;
  return (
    <div class="group">
      <IconButton
        icon={hidden ? EyeOff : Eye}
        label={t(hidden ? "transport.marks.show" : "transport.marks.hide")}
        shortcut="H"
        pressed={hidden}
        onClick={() => {
          visibility.hidden.value = !hidden;
        }}
      />
      <IconButton
        icon={only ? Layers2 : Layers}
        label={t("transport.ghosts.label")}
        shortcut="G"
        pressed={only}
        onClick={() => {
          visibility.onlyThisFrame.value = !only;
        }}
      />
    </div>
  );
}

function ViewButtons() {
  const picture = usePicture();
  const view = useView();
  const full = isFullscreen.value;
  return (
    <div class="group">
      <IconButton
        icon={Scan}
        label={t("transport.fit")}
        shortcut="0"
        disabled={view.isFitted.value}
        onClick={() => {
          view.fit();
        }}
      />
      <IconButton
        icon={ZoomIn}
        label={t("transport.actual")}
        shortcut="Z"
        onClick={() => {
          const { width, height } = view.stage.peek();
          view.toggleActual({ x: width / 2, y: height / 2 });
        }}
      />
      {picture.size.value && <span class="zoom-reading">{t("transport.zoom", { percent: view.percent.value })}</span>}
      <IconButton
        icon={full ? Minimize : Maximize}
        label={t(full ? "transport.fullscreen.leave" : "transport.fullscreen")}
        shortcut="F"
        onClick={() => void toggleFullscreen()}
      />
    </div>
  );
}
