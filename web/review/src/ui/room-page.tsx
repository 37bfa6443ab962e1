import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { handleKeys } from "./keys";
import { useRoom } from "../state/context";
import { watchFigures } from "../state/figures";
import { Announcer } from "./announcer";
import { RemoteAudio } from "./remote-audio";
import { SidePanel } from "./side-panel";
import { Stage } from "./stage";
import { ToolRail } from "./tool-rail";
import { TopBar } from "./top-bar";
import { TransportRow } from "./transport-row";
import { useFullscreen } from "./fullscreen";

/** The review room. */
export function RoomPage() {
  const room = useRoom();
  useEffect(() => handleKeys(room), [room]);
  useEffect(() => watchFigures(room), [room]);
  const bars = useFullscreen();
  return (
    <div class="room" data-panel={room.panelOpen.value ? "open" : "folded"} data-bars={bars.value}>
      <TopBar />
      <nav class="rail-area" aria-label={t("tools.label")}>
        <ToolRail />
      </nav>
      <main class="stage-area" aria-label={t("stage.label")}>
        <Stage />
      </main>
      <TransportRow />
      {room.panelOpen.value && <SidePanel />}
      <RemoteAudio />
      <Announcer />
    </div>
  );
}
