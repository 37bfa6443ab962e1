import { X } from "lucide-preact";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import type { RoomState } from "../state/room";
import { relayPath } from "../state/figures";
import { IconButton } from "./icon-button";

interface Message {
  readonly tone: "quiet" | "warn" | "fault";
  readonly text: string;
  readonly dismiss: boolean;
}

/**
 * The one sentence that matters most now, in the top bar: never over the picture, never moving it.
 */
export function Banner() {
  const room = useRoom();
  const message = messageFor(room);
  return (
    <div class="banner" data-tone={message?.tone} role="status">
      {message && <p title={message.text}>{message.text}</p>}
      {message?.dismiss && (
        <IconButton
          icon={X}
          label={t("banner.dismiss")}
          onClick={() => {
            if (room.versions.preview.peek()) room.versions.closePreview();
            else room.notices.dismiss();
          }}
        />
      )}
    </div>
  );
}

function messageFor(room: RoomState): Message | undefined {
  const status = room.status.value;
  const notice = room.notices.current.value;
  if (status.kind === "reconnecting") return { tone: "warn", text: reconnecting(room.waiting.value), dismiss: false };
  const preview = room.versions.preview.value;
  if (preview) {
    const { name, committedMs } = preview.version;
    return { tone: "warn", text: t("banner.preview", { name: name || new Date(committedMs).toLocaleString() }), dismiss: true };
  }
  if (notice) {
    const reason = notice.reason ? t(notice.reason) : "";
    return { tone: "fault", text: t(notice.key, { reason }), dismiss: true };
  }
  if (status.kind !== "open") return undefined;
  if (room.mediaState.value.kind === "failed") return { tone: "warn", text: t("banner.websocketOnly"), dismiss: false };
  const path = relayPath.value;
  if (path) return { tone: "quiet", text: t(room.relayOnly ? "banner.relayed.asked" : `banner.relayed.${path}`), dismiss: false };
  if (!room.rights.value.annotate) return { tone: "quiet", text: t("banner.readOnly"), dismiss: false };
  if (room.alone.value) return { tone: "quiet", text: t("banner.alone"), dismiss: false };
  return undefined;
}

function reconnecting(pending: number): string {
  if (pending === 0) return t("banner.reconnecting");
  return t(pending === 1 ? "banner.reconnecting.marks.one" : "banner.reconnecting.marks.other", { count: pending });
}
