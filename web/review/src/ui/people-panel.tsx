import { Source, type Participant } from "@fmz/client";
import { Clapperboard, Mic, MicOff, ScreenShare, Video, type LucideIcon } from "lucide-preact";
import { t, type MessageKey } from "../i18n";
import { usePeople, useSources } from "../state/context";
import { paletteColor } from "../state/tools";
import { InviteButton } from "./invite-button";
import { Dot } from "./top-bar";

export function PeoplePanel() {
  const people = usePeople();
  return (
    <>
      <ul class="people" aria-label={t("panel.people.list")}>
        {people.participants.value.map((person) => (
          <Person key={person.participant} person={person} />
        ))}
      </ul>
      {people.alone.value && (
        <div class="alone">
          <p>{t("banner.alone")}</p>
          <InviteButton wide />
        </div>
      )}
    </>
  );
}

function Person({ person }: { readonly person: Participant }) {
  const people = usePeople();
  const name = person.name || t("panel.people.unnamed");
  const shown = person.participant === people.self.value ? t("panel.people.you", { name }) : name;
  const role = person.machine ? "panel.people.machine" : person.annotate ? "panel.people.draw" : "panel.people.watch";
  return (
    <li class="person" data-participant={person.participant}>
      <Dot name={name} color={person.machine ? "#4a4a4a" : paletteColor(person.color)} />
      <span class="person-words">
        <span class="person-name">{shown}</span>
        <span class="person-role">{t(role)}</span>
      </span>
      <Sends participant={person.participant} />
    </li>
  );
}

const SIGNS: readonly { readonly source: Source; readonly icon: LucideIcon; readonly label: MessageKey }[] = [
  { source: Source.PROGRAM, icon: Clapperboard, label: "panel.people.program" },
  { source: Source.SCREEN, icon: ScreenShare, label: "panel.people.screen" },
  { source: Source.CAMERA, icon: Video, label: "panel.people.camera" },
];

/** The sources that a participant publishes. */
function Sends({ participant }: { readonly participant: number }) {
  const theirs = useSources().publications.value.filter((publication) => publication.participant === participant);
  const microphone = theirs.find(({ source }) => source === Source.MICROPHONE);
  return (
    <span class="sends">
      {SIGNS.filter(({ source }) => theirs.some((publication) => publication.source === source)).map(({ source, icon, label }) => (
        <Sign key={source} icon={icon} label={t(label)} />
      ))}
      {microphone && (
        <Sign icon={microphone.muted ? MicOff : Mic} label={t(microphone.muted ? "panel.people.muted" : "panel.people.microphone")} />
      )}
    </span>
  );
}

function Sign({ icon: Icon, label }: { readonly icon: LucideIcon; readonly label: string }) {
  return (
    <span title={label} role="img" aria-label={label}>
      <Icon size={18} strokeWidth={1.5} aria-hidden="true" />
    </span>
  );
}
