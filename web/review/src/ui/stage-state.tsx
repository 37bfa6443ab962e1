import type { Publication } from "@fmz/client";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import type { RoomState } from "../state/room";
import { InviteButton } from "./invite-button";

/** What stands in the picture's place while there is none. */
export function StageState() {
  const room = useRoom();
  if (room.view.picture.value) return null;
  const words = wordsFor(room);
  return (
    <div class="stage-state">
      <div>
        <h2>{words.title}</h2>
        {words.lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
        {words.invite && <InviteButton wide />}
      </div>
    </div>
  );
}

interface Words {
  readonly title: string;
  readonly lines: readonly string[];
  readonly invite: boolean;
}

function wordsFor(room: RoomState): Words {
  const main = room.main.value;
  const status = room.status.value;
  if (status.kind === "joining") return wordsForJoining(status.attempt, status.code);
  if (room.mediaState.value.kind === "failed") {
    return { title: t("state.noMedia.title"), lines: [t("state.noMedia.text")], invite: false };
  }
  return main ? wordsForComing(room, main) : wordsForNone(room);
}

function wordsForJoining(attempt: number, code: string | undefined): Words {
  const why = code === "room_full" ? "full" : code === undefined ? "noAnswer" : "busy";
  return { title: t("state.joining"), lines: attempt === 0 ? [] : [t(`state.joining.${why}`)], invite: false };
}

function wordsForComing(room: RoomState, { codec, participant }: Publication): Words {
  const name = room.nameOf(participant);
  if (codec === "" || canDecode(codec)) return { title: t("state.connecting", { name }), lines: [], invite: false };
  const text = t("state.codec.text", { codec, name });
  return { title: t("state.codec.title", { codec }), lines: [text], invite: false };
}

function wordsForNone(room: RoomState): Words {
  const who = room.rights.value.publish ? "state.waiting.canPublish" : "state.waiting.cannotPublish";
  const lines = [t("state.waiting.text"), t(who)];
  if (room.alone.value) lines.push(t("banner.alone"));
  return { title: t("state.waiting.title"), lines, invite: room.alone.value };
}

function canDecode(codec: string): boolean {
  const known = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  return known.some(({ mimeType }) => mimeType.toLowerCase() === `video/${codec.toLowerCase()}`);
}
