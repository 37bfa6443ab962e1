import { Keyboard, Mic, MicOff, PanelRightClose, PanelRightOpen, ScreenShare, ScreenShareOff, Video, VideoOff } from "lucide-preact";
import { t } from "../i18n";
import { useLocalMedia, usePanels, usePeople } from "../state/context";
import { isSheet } from "../state/panels";
import { paletteColor } from "../state/tools";
import { Banner } from "./banner";
import { IconButton } from "./icon-button";
import { InviteButton } from "./invite-button";
import { LanguageSwitch } from "./language-switch";
import { StatusBadge } from "./status-badge";

/** Dots shown before the rest is counted. */
const DOTS_MAX = 5;

export function TopBar() {
  const panels = usePanels();
  const people = usePeople();
  const panel = panels.shown.value;
  const open = panel.kind !== "closed";
  const label = t(open ? "top.panel.hide" : "top.panel.show");
  return (
    <header class="top-bar">
      <span class="brand">fmz</span>
      <h1 class="room-title" title={people.title}>
        {people.title}
      </h1>
      <StatusBadge />
      <Banner />
      <PeopleDots />
      {people.rights.value.publish && <MediaButtons />}
      <InviteButton />
      <LanguageSwitch />
      <IconButton
        icon={Keyboard}
        label={t("top.keys")}
        shortcut="?"
        pressed={isSheet(panel, "keys")}
        onClick={() => {
          panels.toggleSheet("keys");
        }}
      />
      <IconButton
        icon={open ? PanelRightClose : PanelRightOpen}
        label={label}
        shortcut="N"
        onClick={() => {
          panels.toggle();
        }}
      />
    </header>
  );
}

function PeopleDots() {
  const panels = usePanels();
  const people = usePeople().people.value;
  const names = people.map(({ name }) => name || t("panel.people.unnamed")).join(", ");
  return (
    <button
      type="button"
      class="people-dots"
      title={t("top.people", { names })}
      aria-label={t("top.people", { names })}
      onClick={() => {
        panels.showTab("people");
      }}
    >
      {people.slice(0, DOTS_MAX).map(({ participant, name, color }) => (
        <Dot key={participant} name={name} color={paletteColor(color)} />
      ))}
      {people.length > DOTS_MAX && <span class="dots-more">+{people.length - DOTS_MAX}</span>}
    </button>
  );
}

/** A person: initials in their colour. */
export function Dot({ name, color }: { readonly name: string; readonly color: string }) {
  return (
    <span class="dot" data-dark={isDark(color)} style={{ backgroundColor: color }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** Returns true for colours on which black letters are hard to read. */
function isDark(color: string): boolean {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 < 100;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return chosen.map((word) => Array.from(word ?? "")[0] ?? "").join("").toUpperCase();
}

function MediaButtons() {
  const media = useLocalMedia();
  const microphone = media.microphone.value;
  const camera = media.camera.value;
  const screen = media.screen.value;
  return (
    <div class="group">
      <IconButton
        id="microphone"
        icon={microphone ? Mic : MicOff}
        label={t(microphone ? "transport.microphone.off" : "transport.microphone.on")}
        shortcut="M"
        pressed={microphone}
        onClick={() => void media.toggleMicrophone()}
      />
      <IconButton
        id="camera"
        icon={camera ? Video : VideoOff}
        label={t(camera ? "transport.camera.off" : "transport.camera.on")}
        pressed={camera}
        onClick={() => void media.toggleCamera()}
      />
      <IconButton
        id="screen"
        icon={screen ? ScreenShareOff : ScreenShare}
        label={t(screen ? "transport.screen.off" : "transport.screen.on")}
        pressed={screen}
        onClick={() => void media.toggleScreen()}
      />
    </div>
  );
}
