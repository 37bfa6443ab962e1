import type { Publication } from "@fmz/client";
import { t } from "../i18n";
import { useConnection, usePeople, usePicture, useSources } from "../state/context";
import type { Connection } from "../state/connection";
import type { People } from "../state/people";
import { InviteButton } from "./invite-button";

/** Says in the picture's place why there is none. */
export function StageState() {
  const connection = useConnection();
  const people = usePeople();
  const sources = useSources();
  if (usePicture().size.value) return null;
  const words = wordsFor(connection, people, sources.main.value);
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

function wordsFor(connection: Connection, people: People, main: Publication | undefined): Words {
  const status = connection.status.value;
  if (status.kind === "joining") return wordsForJoining(status.attempt, status.code);
  if (connection.media.value.kind === "failed") {
    return { title: t("state.noMedia.title"), lines: [t("state.noMedia.text")], invite: false };
  }
  return main ? wordsForComing(people, main) : wordsForNone(people);
}

function wordsForJoining(attempt: number, code: string | undefined): Words {
  const why = code === "room_full" ? "full" : code === undefined ? "noAnswer" : "busy";
  return { title: t("state.joining"), lines: attempt === 0 ? [] : [t(`state.joining.${why}`)], invite: false };
}

function wordsForComing(people: People, { codec, participant }: Publication): Words {
  const name = people.nameOf(participant);
  if (codec === "" || canDecode(codec)) return { title: t("state.connecting", { name }), lines: [], invite: false };
  const text = t("state.codec.text", { codec, name });
  return { title: t("state.codec.title", { codec }), lines: [text], invite: false };
}

function wordsForNone(people: People): Words {
  const who = people.rights.value.publish ? "state.waiting.canPublish" : "state.waiting.cannotPublish";
  const lines = [t("state.waiting.text"), t(who)];
  if (people.alone.value) lines.push(t("banner.alone"));
  return { title: t("state.waiting.title"), lines, invite: people.alone.value };
}

function canDecode(codec: string): boolean {
  const known = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  return known.some(({ mimeType }) => mimeType.toLowerCase() === `video/${codec.toLowerCase()}`);
}
