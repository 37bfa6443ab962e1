import { Minus, Plus } from "lucide-preact";
import { t, type MessageKey } from "../i18n";
import { useChosen, useTools } from "../state/context";
import { PALETTE, WIDTHS } from "../state/tools";
import { IconButton } from "./icon-button";

/** Colour and width of what is drawn next, and of the mark that is chosen. */
export function DrawingLook() {
  const chosen = useChosen();
  const tools = useTools();
  const step = tools.widthStep.value;
  return (
    <div class="drawing-look">
      <div class="swatches" role="group" aria-label={t("tools.color.choose")}>
        {PALETTE.map((color, index) => (
          <Swatch key={color} color={color} index={index} />
        ))}
      </div>
      <div class="group">
        <IconButton
          icon={Minus}
          label={t("tools.thinner")}
          shortcut="["
          disabled={step === 0}
          onClick={() => {
            chosen.stepWidth(-1);
          }}
        />
        <span class="width-sample" role="img" aria-label={t("tools.width", { step: step + 1, steps: WIDTHS.length })}>
          <span style={{ width: `${4 + 2 * step}px`, height: `${4 + 2 * step}px`, backgroundColor: PALETTE[tools.color.value] }} />
        </span>
        <IconButton
          icon={Plus}
          label={t("tools.wider")}
          shortcut="]"
          disabled={step === WIDTHS.length - 1}
          onClick={() => {
            chosen.stepWidth(1);
          }}
        />
      </div>
    </div>
  );
}

function Swatch({ color, index }: { readonly color: string; readonly index: number }) {
  const chosen = useChosen();
  const tools = useTools();
  const name: MessageKey = `color.${index as 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;
  const label = t("tools.color", { name: t(name) });
  return (
    <button
      type="button"
      class="swatch"
      title={`${label} (${index + 1})`}
      aria-label={label}
      aria-keyshortcuts={String(index + 1)}
      aria-pressed={tools.color.value === index}
      onClick={() => {
        chosen.color(index);
      }}
    >
      <span style={{ backgroundColor: color }} />
    </button>
  );
}
