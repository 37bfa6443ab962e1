import { X } from "lucide-preact";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import type { PanelTab } from "../state/room";
import { notesOf } from "../state/threads";
import { CameraTiles } from "./camera-tiles";
import { ConnectionSheet } from "./connection-sheet";
import { IconButton } from "./icon-button";
import { KeysSheet } from "./keys-sheet";
import { NotesPanel } from "./notes-panel";
import { PeoplePanel } from "./people-panel";
import { VersionsPanel } from "./versions-panel";

const TABS: readonly PanelTab[] = ["notes", "people", "versions"];

/** Beside the picture, or below it on a narrow page. */
export function SidePanel() {
  const room = useRoom();
  const tab = room.panelTab.value;
  return (
    <aside class="panel" aria-label={t("panel.label")}>
      {room.connectionOpen.value ? (
        <ConnectionSheet />
      ) : room.keysOpen.value ? (
        <KeysSheet />
      ) : (
        <>
          <CameraTiles />
          <div class="panel-head">
            <div class="tabs" role="tablist">
              {TABS.map((each) => (
                <Tab key={each} tab={each} />
              ))}
            </div>
            <IconButton
              icon={X}
              label={t("panel.close")}
              shortcut="N"
              onClick={() => {
                room.togglePanel();
              }}
            />
          </div>
          <div class="panel-body" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} tabIndex={0}>
            <Body tab={tab} />
          </div>
        </>
      )}
    </aside>
  );
}

function Body({ tab }: { readonly tab: PanelTab }) {
  switch (tab) {
    case "notes":
      return <NotesPanel />;
    case "people":
      return <PeoplePanel />;
    case "versions":
      return <VersionsPanel />;
  }
}

function Tab({ tab }: { readonly tab: PanelTab }) {
  const room = useRoom();
  const counts = { notes: notesOf(room.marks.list.value).length, people: room.people.value.length, versions: undefined };
  const count = counts[tab];
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${tab}`}
      aria-selected={room.panelTab.value === tab}
      aria-controls={`panel-${tab}`}
      onClick={() => {
        room.panelTab.value = tab;
      }}
    >
      {t(`panel.${tab}`)} {count !== undefined && <span class="count">{count}</span>}
    </button>
  );
}
