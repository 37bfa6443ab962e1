import { loadReplica } from "@fmz/client";
import { signal } from "@preact/signals";
import { exposeRoom } from "./hook";
import { t } from "./i18n";
import { readAddress, type RoomLink } from "./state/link";
import { RoomProvider } from "./state/context";
import { RoomState } from "./state/room";
import { sessionKey } from "./state/session-key";
import { Card } from "./ui/card";
import { EndedScreen } from "./ui/ended-screen";
import { JoinScreen } from "./ui/join-screen";
import { RoomPage } from "./ui/room-page";

type Page =
  | { readonly kind: "door" }
  | { readonly kind: "room"; readonly room: RoomState }
  | { readonly kind: "broken" };

const page = signal<Page>({ kind: "door" });
let lastName = "";

async function join(link: RoomLink, name: string): Promise<void> {
  lastName = name;
  try {
    const replica = await loadReplica();
    const asked = new URLSearchParams(location.search);
    const dataChannels = asked.get("channels") !== "off";
    const iceTransportPolicy = asked.get("relay") === "only" ? "relay" : "all";
    const room = new RoomState(link, name, { replica, dataChannels, iceTransportPolicy, sessionKey: await sessionKey(link.room, name) });
    exposeRoom(room);
    page.value = { kind: "room", room };
    room.connection.start();
  } catch (cause) {
    console.error("room not opened", cause);
    page.value = { kind: "broken" };
  }
}

export function App() {
  switch (page.value.kind) {
    case "door":
      return <Door />;
    case "broken":
      return <Card title={t("join.title")} lead={t("join.loadFailed")} />;
    case "room":
      return <InRoom room={page.value.room} />;
  }
}

function Door() {
  const address = readAddress(location);
  switch (address.kind) {
    case "none":
      return <Card title={t("join.noLink.title")} lead={t("join.noLink.text", { example: `${location.origin}/r/…` })} />;
    case "broken":
      return <Card title={t("join.broken.title")} lead={t("join.broken.text")} />;
    case "room":
      return <JoinScreen link={address.link} onJoin={(name) => void join(address.link, name)} />;
  }
}

function InRoom({ room }: { readonly room: RoomState }) {
  const status = room.connection.status.value;
  if (status.kind === "ended") {
    const again = (): void => void join(room.link, lastName);
    return <EndedScreen code={status.code} text={status.text} onAgain={again} />;
  }
  return (
    <RoomProvider value={room}>
      <RoomPage room={room} />
    </RoomProvider>
  );
}
