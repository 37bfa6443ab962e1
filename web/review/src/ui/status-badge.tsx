import { t, type MessageKey } from "../i18n";
import { useRoom } from "../state/context";
import type { RoomState } from "../state/room";
import { figures } from "../state/figures";

type Look = "live" | "frozen" | "waiting" | "connecting" | "reconnecting";

/** Whether the picture is live, and what of it arrives. */
export function StatusBadge() {
  const room = useRoom();
  const look = lookOf(room);
  const key: MessageKey = `top.status.${look}`;
  const trip = room.roundTrip.value;
  const stream = figures.value;
  return (
    <button
      type="button"
      class="status-badge"
      id="connection"
      data-look={look}
      title={trip === undefined ? t("connection.title") : t("top.roundTrip", { ms: trip })}
      aria-expanded={room.connectionOpen.value}
      onClick={() => {
        room.toggleConnection();
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

function lookOf(room: RoomState): Look {
  if (room.status.value.kind === "reconnecting") return "reconnecting";
  if (room.picture.frozen.value) return "frozen";
  if (room.view.picture.value) return "live";
  return room.main.value || room.status.value.kind === "joining" ? "connecting" : "waiting";
}
