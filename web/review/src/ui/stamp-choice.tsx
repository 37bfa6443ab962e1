import { t } from "../i18n";
import { TOOL_KEYS } from "./keys";
import { STAMP_BOX, STAMP_LINE, STAMP_PATHS } from "../stage/stamps";
import { useTools } from "../state/context";
import { STAMPS, type Stamp } from "../state/tools";

/** The choice of the stamp that the stamp tool puts, below the tools. */
export function StampChoice() {
  const tools = useTools();
  const chosen = tools.stamp.value;
  return (
    <div class="stamps" role="group" aria-label={t("stamp.choose")}>
      {STAMPS.map((stamp) => (
        <button
          key={stamp}
          type="button"
          class="icon-button"
          id={`stamp-${stamp}`}
          title={`${t(`stamp.${stamp}`)} (${TOOL_KEYS.stamp.toUpperCase()})`}
          aria-label={t(`stamp.${stamp}`)}
          aria-pressed={stamp === chosen}
          onClick={() => {
            tools.stamp.value = stamp;
          }}
        >
          <StampSign stamp={stamp} />
        </button>
      ))}
    </div>
  );
}

/** A stamp as it looks on the picture. */
export function StampSign({ stamp }: { readonly stamp: Stamp }) {
  return (
    <svg class="stamp-sign" viewBox={`0 0 ${STAMP_BOX} ${STAMP_BOX}`} width={18} height={18} aria-hidden="true">
      <path d={STAMP_PATHS[stamp]} stroke-width={STAMP_LINE} />
    </svg>
  );
}
