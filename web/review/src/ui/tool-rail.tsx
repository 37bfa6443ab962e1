import { useSignal } from "@preact/signals";
import {
  Brush,
  Circle,
  Eraser,
  MapPin,
  MousePointer2,
  MoveUpRight,
  Pencil,
  Pentagon,
  Redo2,
  Slash,
  Square,
  SquareDashed,
  Stamp,
  Type,
  Undo2,
  type LucideIcon,
} from "lucide-preact";
import { t } from "../i18n";
import { useDocument, useEdits, usePeople, useTools } from "../state/context";
import { TOOLS, type Tool } from "../state/tools";
import { IconButton } from "./icon-button";
import { TOOL_KEYS } from "./keys";
import { StampChoice } from "./stamp-choice";

const ICONS: Readonly<Record<Tool, LucideIcon>> = {
  select: MousePointer2,
  brush: Brush,
  arrow: MoveUpRight,
  line: Slash,
  rectangle: Square,
  ellipse: Circle,
  polygon: Pentagon,
  text: Type,
  comment: MapPin,
  stamp: Stamp,
  redaction: SquareDashed,
  eraser: Eraser,
};

/** The tools. On a phone they fold into one button. */
export function ToolRail() {
  const document = useDocument();
  const edits = useEdits();
  const people = usePeople();
  const tools = useTools();
  const unfolded = useSignal(false);
  if (!people.rights.value.annotate) return null;
  const chosen = tools.tool.value;
  return (
    <div class="tool-rail" data-unfolded={unfolded.value}>
      <div class="tool-fold">
        <IconButton
          icon={chosen === "select" ? Pencil : ICONS[chosen]}
          label={t("tools.open")}
          pressed={unfolded.value}
          onClick={() => {
            unfolded.value = !unfolded.value;
          }}
        />
      </div>
      <div class="tools" role="group" aria-label={t("tools.label")}>
        {TOOLS.map((tool) => (
          <IconButton
            key={tool}
            id={`tool-${tool}`}
            icon={ICONS[tool]}
            label={t(`tools.${tool}`)}
            shortcut={TOOL_KEYS[tool].toUpperCase()}
            pressed={tool === chosen}
            onClick={() => {
              tools.choose(tool);
              unfolded.value = false;
            }}
          />
        ))}
      </div>
      {chosen === "stamp" && <StampChoice />}
      <div class="tools steps">
        <IconButton
          id="undo"
          icon={Undo2}
          label={t("tools.undo")}
          shortcut="Ctrl+Z"
          disabled={!edits.canUndo.value}
          onClick={() => document.undo()}
        />
        <IconButton
          id="redo"
          icon={Redo2}
          label={t("tools.redo")}
          shortcut="Ctrl+Shift+Z"
          disabled={!edits.canRedo.value}
          onClick={() => document.redo()}
        />
      </div>
    </div>
  );
}
