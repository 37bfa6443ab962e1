import { useSignal } from "@preact/signals";
import { X } from "lucide-preact";
import { t } from "../i18n";
import { useConnection, useFigures, usePanels } from "../state/context";
import { readRelayUrl, tryWay, type RelayUrl, type Verdict } from "../state/relay-test";
import type { Connection } from "../state/connection";
import type { Figures } from "../state/figures";
import { IconButton } from "./icon-button";

/** One way to the relay, and the verdict once it was tried. */
interface Tried {
  readonly relay: RelayUrl;
  readonly verdict: Verdict | undefined;
}

/** Says how the page reaches the server, or why it does not, in the place of the tabs. */
export function ConnectionSheet() {
  const connection = useConnection();
  const figures = useFigures();
  const panels = usePanels();
  const has = connection.iceServers.length > 0;
  return (
    <>
      <div class="panel-head">
        <h2>{t("connection.title")}</h2>
        <IconButton
          icon={X}
          label={t("panel.close")}
          onClick={() => {
            panels.toggleSheet("connection");
          }}
        />
      </div>
      <div class="panel-body connection" tabIndex={0}>
        <p>{pathWords(connection, figures)}</p>
        {has ? <RelayTest servers={connection.iceServers} /> : <p>{t("connection.noRelay")}</p>}
      </div>
    </>
  );
}

function pathWords({ media }: Connection, { relayPath }: Figures): string {
  const state = media.value.kind;
  const path = relayPath.value;
  if (state === "failed") return t("connection.none");
  if (state === "connecting") return t("connection.connecting");
  return path ? t("connection.relayed", { protocol: path.toUpperCase() }) : t("connection.direct");
}

function RelayTest({ servers }: { readonly servers: readonly RTCIceServer[] }) {
  const tried = useSignal<readonly Tried[]>([]);
  const running = useSignal(false);
  const run = async (): Promise<void> => {
    running.value = true;
    await testAll(servers, (all) => {
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
 * Tries every way, one after another: a participant has few allocations at once, and this page
 * holds some.
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
