import { X } from "lucide-preact";
import { t, type MessageKey } from "../i18n";
import { TOOL_KEYS } from "./keys";
import { usePanels, usePeople } from "../state/context";
import { TOOLS } from "../state/tools";
import { IconButton } from "./icon-button";

type Row = readonly [keys: readonly string[], label: MessageKey];

const PICTURE: readonly Row[] = [
  [["Space", "K"], "keys.freeze"],
  [["F"], "keys.fullscreen"],
  [["0"], "keys.fit"],
  [["Z"], "keys.actual"],
  [["keys.wheel"], "keys.zoom"],
  [["keys.drag"], "keys.pan"],
  [["H"], "keys.hide"],
  [["G"], "keys.ghosts"],
];

const DRAW: readonly Row[] = [
  ...TOOLS.map((tool): Row => [[TOOL_KEYS[tool].toUpperCase()], `tools.${tool}`]),
  [["1", "…", "8"], "keys.colors"],
  [["[", "]"], "keys.width"],
  [["Ctrl+Z", "Ctrl+Shift+Z"], "keys.undo"],
  [["Del"], "keys.delete"],
  [["keys.doubleClick", "Enter"], "keys.polygon.close"],
  [["Backspace"], "keys.polygon.back"],
  [["Esc"], "keys.cancel"],
];

const MICROPHONE: Row = [["M"], "keys.microphone"];
const ROOM: readonly Row[] = [
  [["N"], "keys.notes"],
  [[",", "."], "keys.notes.step"],
  [["?"], "keys.help"],
];

/** The keys of the page, in the place of the tabs, but for those of which this person lacks the right. */
export function KeysSheet() {
  const panels = usePanels();
  const { annotate, publish } = usePeople().rights.value;
  return (
    <>
      <div class="panel-head">
        <h2>{t("keys.title")}</h2>
        <IconButton
          icon={X}
          label={t("panel.close")}
          shortcut="?"
          onClick={() => {
            panels.toggleSheet("keys");
          }}
        />
      </div>
      <div class="panel-body" tabIndex={0}>
        <KeyTable title={t("keys.picture")} rows={PICTURE} />
        {annotate && <KeyTable title={t("keys.draw")} rows={DRAW} />}
        <KeyTable title={t("keys.room")} rows={publish ? [MICROPHONE, ...ROOM] : ROOM} />
      </div>
    </>
  );
}

function KeyTable({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  return (
    <section class="key-table">
      <h3>{title}</h3>
      <dl>
        {rows.map(([keys, label]) => (
          <div key={label}>
            <dt>{keys.map((key) => (key === "…" ? " … " : <kbd key={key}>{keyName(key)}</kbd>))}</dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function keyName(key: string): string {
  return key === "keys.wheel" || key === "keys.drag" || key === "keys.doubleClick" ? t(key) : key;
}
