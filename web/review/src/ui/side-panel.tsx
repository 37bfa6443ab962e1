import { X } from "lucide-preact";
import { t } from "../i18n";
import { useNotes, usePanels, usePeople } from "../state/context";
import { TABS, type Sheet, type Tab } from "../state/panels";
import { CameraTiles } from "./camera-tiles";
import { ConnectionSheet } from "./connection-sheet";
import { IconButton } from "./icon-button";
import { KeysSheet } from "./keys-sheet";
import { NotesPanel } from "./notes-panel";
import { PeoplePanel } from "./people-panel";
import { VersionsPanel } from "./versions-panel";

/** The panel beside the picture, or below it on a narrow page. */
export function SidePanel() {
  const shown = usePanels().shown.value;
  return (
    <aside class="panel" aria-label={t("panel.label")}>
      {shown.kind === "sheet" && <OpenSheet sheet={shown.sheet} />}
      {shown.kind === "tab" && <Tabs open={shown.tab} />}
    </aside>
  );
}

function OpenSheet({ sheet }: { readonly sheet: Sheet }) {
  switch (sheet) {
    case "connection":
      return <ConnectionSheet />;
    case "keys":
      return <KeysSheet />;
  }
}

function Tabs({ open }: { readonly open: Tab }) {
  const panels = usePanels();
  return (
    <>
      <CameraTiles />
      <div class="panel-head">
        <div class="tabs" role="tablist">
          {TABS.map((tab) => (
            <TabButton key={tab} tab={tab} open={open} />
          ))}
        </div>
        <IconButton
          icon={X}
          label={t("panel.close")}
          shortcut="N"
          onClick={() => {
            panels.toggle();
          }}
        />
      </div>
      <div class="panel-body" role="tabpanel" id={`panel-${open}`} aria-labelledby={`tab-${open}`} tabIndex={0}>
        <Body tab={open} />
      </div>
    </>
  );
}

function Body({ tab }: { readonly tab: Tab }) {
  switch (tab) {
    case "notes":
      return <NotesPanel />;
    case "people":
      return <PeoplePanel />;
    case "versions":
      return <VersionsPanel />;
  }
}

function TabButton({ tab, open }: { readonly tab: Tab; readonly open: Tab }) {
  const panels = usePanels();
  const counts = { notes: useNotes().all.value.length, people: usePeople().people.value.length, versions: undefined };
  const count = counts[tab];
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${tab}`}
      aria-selected={tab === open}
      aria-controls={`panel-${tab}`}
      onClick={() => {
        panels.showTab(tab);
      }}
    >
      {t(`panel.${tab}`)} {count !== undefined && <span class="count">{count}</span>}
    </button>
  );
}
