import { t, type MessageKey } from "../i18n";
import { useConnection, useFigures, usePanels, usePicture, useSources } from "../state/context";
import { isSheet } from "../state/panels";

type Look = "live" | "frozen" | "waiting" | "connecting" | "reconnecting";

/** Says if the picture is live, and how much of it arrives. */
export function StatusBadge() {
  const connection = useConnection();
  const figures = useFigures();
  const panels = usePanels();
  const look = useLook();
  const key: MessageKey = `top.status.${look}`;
  const trip = connection.roundTrip.value;
  const stream = figures.stream.value;
  return (
    <button
      type="button"
      class="status-badge"
      id="connection"
      data-look={look}
      title={trip === undefined ? t("connection.title") : t("top.roundTrip", { ms: trip })}
      aria-expanded={isSheet(panels.shown.value, "connection")}
      onClick={() => {
        panels.toggleSheet("connection");
      }}
    >
      <span class="status-light" aria-hidden="true" />
      <span class="status-word">{t(key)}</span>
      {stream && (look === "live" || look === "frozen") && (
        <span class="figures">
          {t("top.stream", { ...stream, rate: stream.megabits.toFixed(stream.megabits < 10 ? 1 : 0) })}
        </span>
      )}
    </button>
  );
}

function useLook(): Look {
  const { status } = useConnection();
  const picture = usePicture();
  const sources = useSources();
  if (status.value.kind === "reconnecting") return "reconnecting";
  if (picture.frozen.value) return "frozen";
  if (picture.size.value) return "live";
  return sources.main.value || status.value.kind === "joining" ? "connecting" : "waiting";
}
