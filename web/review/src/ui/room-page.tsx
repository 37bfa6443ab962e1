import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import type { RoomState } from "../state/room";
import { Announcer } from "./announcer";
import { handleKeys } from "./keys";
import { RemoteAudio } from "./remote-audio";
import { SidePanel } from "./side-panel";
import { Stage } from "./stage";
import { ToolRail } from "./tool-rail";
import { TopBar } from "./top-bar";
import { TransportRow } from "./transport-row";
import { useFullscreen } from "./fullscreen";

/** The review room. */
export function RoomPage({ room }: { readonly room: RoomState }) {
  const { figures, panels } = room;
  useEffect(() => handleKeys(room), [room]);
  useEffect(() => figures.watch(), [figures]);
  const bars = useFullscreen();
  const open = panels.shown.value.kind !== "closed";
  return (
    <div class="room" data-panel={open ? "open" : "folded"} data-bars={bars.value}>
      <TopBar />
      <nav class="rail-area" aria-label={t("tools.label")}>
        <ToolRail />
      </nav>
      <main class="stage-area" aria-label={t("stage.label")}>
        <Stage parts={room} />
      </main>
      <TransportRow />
      {open && <SidePanel />}
      <RemoteAudio />
      <Announcer />
    </div>
  );
}
