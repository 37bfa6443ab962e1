import { useSignal } from "@preact/signals";
import { X } from "lucide-preact";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import { readRelayUrl, tryWay, type RelayUrl, type Verdict } from "../state/relay-test";
import type { RoomState } from "../state/room";
import { relayPath } from "../state/figures";
import { IconButton } from "./icon-button";

/** One way to the relay, and what came of trying it. */
interface Tried {
  readonly relay: RelayUrl;
  readonly verdict: Verdict | undefined;
}

/** How the page reaches the server, and why it does not, in the panel's place. */
export function ConnectionSheet() {
  const room = useRoom();
  const has = room.client.iceServers.length > 0;
  return (
    <>
      <div class="panel-head">
        <h2>{t("connection.title")}</h2>
        <IconButton
          icon={X}
          label={t("panel.close")}
          onClick={() => {
            room.toggleConnection();
          }}
        />
      </div>
      <div class="panel-body connection" tabIndex={0}>
        <p>{pathWords(room)}</p>
        {has ? <RelayTest room={room} /> : <p>{t("connection.noRelay")}</p>}
      </div>
    </>
  );
}

function pathWords(room: RoomState): string {
  const state = room.mediaState.value.kind;
  const path = relayPath.value;
  if (state === "failed") return t("connection.none");
  if (state === "connecting") return t("connection.connecting");
  return path ? t("connection.relayed", { protocol: path.toUpperCase() }) : t("connection.direct");
}

function RelayTest({ room }: { readonly room: RoomState }) {
  const tried = useSignal<readonly Tried[]>([]);
  const running = useSignal(false);
  const run = async (): Promise<void> => {
    running.value = true;
    await testAll(room.client.iceServers, (all) => {
      tried.value = all;
    });
    running.value = false;
  };
  return (
    <>
      <p>{t("connection.test.hint")}</p>
      <button type="button" class="primary" id="relay-test" disabled={running.value} onClick={() => void run()}>
        {t(running.value ? "connection.test.running" : "connection.test")}
      </button>
      <ul class="relay-ways" aria-live="polite">
        {tried.value.map(({ relay, verdict }) => (
          <li key={relay.url} data-verdict={verdict?.kind ?? "running"} data-way={relay.way}>
            <h3>{t("connection.way", { protocol: relay.way.toUpperCase(), port: relay.port })}</h3>
            <p>{verdict ? verdictWords(relay, verdict) : t("connection.test.running")}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/**
 * Tries every way, one after another, for a participant has few allocations at once
 * and this page holds some.
 */
async function testAll(servers: readonly RTCIceServer[], changed: (tried: readonly Tried[]) => void): Promise<void> {
  const ways = servers.flatMap((server) =>
    [server.urls].flat().flatMap((url) => {
      const relay = readRelayUrl(url);
      return relay ? [{ relay, server }] : [];
    }),
  );
  const all: Tried[] = ways.map(({ relay }) => ({ relay, verdict: undefined }));
  changed([...all]);
  for (const [index, { relay, server }] of ways.entries()) {
    all[index] = { relay, verdict: await tryWay(relay, server) };
    changed([...all]);
  }
}

function verdictWords({ way, port }: RelayUrl, verdict: Verdict): string {
  switch (verdict.kind) {
    case "works":
      return t("relay.works", { ms: verdict.ms });
    case "blocked":
      return t(`relay.blocked.${way}`, { port });
    case "untrusted":
      return t("relay.untrusted");
    default:
      return t(`relay.${verdict.kind}`, { code: verdict.code });
  }
}
