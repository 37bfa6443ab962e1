import { X } from "lucide-preact";
import { t } from "../i18n";
import { useConnection, useEdits, useFigures, useNotices, usePeople, useVersions } from "../state/context";
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
  const notices = useNotices();
  const versions = useVersions();
  const message = useMessage();
  return (
    <div class="banner" data-tone={message?.tone} role="status">
      {message && <p title={message.text}>{message.text}</p>}
      {message?.dismiss && (
        <IconButton
          icon={X}
          label={t("banner.dismiss")}
          onClick={() => {
            if (versions.preview.peek()) versions.closePreview();
            else notices.dismiss();
          }}
        />
      )}
    </div>
  );
}

function useMessage(): Message | undefined {
  const connection = useConnection();
  const edits = useEdits();
  const figures = useFigures();
  const people = usePeople();
  const versions = useVersions();
  const status = connection.status.value;
  const notice = useNotices().current.value;
  if (status.kind === "reconnecting") return { tone: "warn", text: reconnecting(edits.waiting.value), dismiss: false };
  const preview = versions.preview.value;
  if (preview) {
    const { name, committedMs } = preview.version;
    return { tone: "warn", text: t("banner.preview", { name: name || new Date(committedMs).toLocaleString() }), dismiss: true };
  }
  if (notice) {
    const reason = notice.reason ? t(notice.reason) : "";
    return { tone: "fault", text: t(notice.key, { reason }), dismiss: true };
  }
  if (status.kind !== "open") return undefined;
  if (connection.media.value.kind === "failed") return { tone: "warn", text: t("banner.websocketOnly"), dismiss: false };
  const path = figures.relayPath.value;
  if (path) return { tone: "quiet", text: t(connection.relayOnly ? "banner.relayed.asked" : `banner.relayed.${path}`), dismiss: false };
  if (!people.rights.value.annotate) return { tone: "quiet", text: t("banner.readOnly"), dismiss: false };
  if (people.alone.value) return { tone: "quiet", text: t("banner.alone"), dismiss: false };
  return undefined;
}

function reconnecting(pending: number): string {
  if (pending === 0) return t("banner.reconnecting");
  return t(pending === 1 ? "banner.reconnecting.marks.one" : "banner.reconnecting.marks.other", { count: pending });
}
