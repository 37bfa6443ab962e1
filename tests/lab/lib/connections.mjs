/**
 * Runs in the page before its own code: keeps its peer connections within reach, with the times at
 * which they were made and stood. If `only` names a transport (udp, tcp, tls), they may use a relay
 * over that transport and nothing else.
 */
export function watchConnections(only) {
  const transportOf = (url) => {
    if (url.startsWith("turns:")) return "tls";
    return url.startsWith("turn:") ? (/transport=tcp/.test(url) ? "tcp" : "udp") : "none";
  };
  const narrow = (configuration) => {
    if (!only) return configuration;
    const iceServers = (configuration.iceServers ?? []).flatMap(({ urls, ...credentials }) => {
      const left = [urls].flat().filter((url) => transportOf(url) === only);
      return left.length ? [{ ...credentials, urls: left }] : [];
    });
    return { ...configuration, iceServers, iceTransportPolicy: "relay" };
  };
  window.lab = { connections: [] };
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration = {}) {
      super(narrow(configuration));
      const entry = { connection: this, configuration, made: performance.now() };
      window.lab.connections.push(entry);
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") entry.connected ??= performance.now();
      });
    }

    setConfiguration(configuration) {
      super.setConfiguration(narrow(configuration));
    }
  };
}

/** Runs in the page: returns the way of the newest connection, and the time until it stood, ms. */
export async function readWay() {
  const { connection, made, connected } = window.lab.connections.at(-1);
  const all = [...(await connection.getStats()).values()];
  const named = all.find(({ selectedCandidatePairId }) => selectedCandidatePairId)?.selectedCandidatePairId;
  const pair = all.find(({ type, id, selected }) => type === "candidate-pair" && (id === named || selected));
  const { candidateType, relayProtocol } = all.find(({ id }) => id === pair?.localCandidateId) ?? {};
  return { type: candidateType, transport: relayProtocol, ms: connected - made };
}

/**
 * Runs in the page: returns whether a relay over one transport gives an address within `ms`, with
 * the page's own credentials.
 */
export async function canRelay(only, ms) {
  const { configuration } = window.lab.connections.at(-1);
  const urlsOf = ({ urls }) => [urls].flat().filter((url) => {
    if (only === "tls") return url.startsWith("turns:");
    return url.startsWith("turn:") && /transport=tcp/.test(url) === (only === "tcp");
  });
  const iceServers = configuration.iceServers.map((server) => ({ ...server, urls: urlsOf(server) })).filter(({ urls }) => urls.length);
  if (iceServers.length === 0) throw new Error(`the server names no relay over ${only}`);
  const probe = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  window.lab.connections.pop();
  const found = new Promise((resolve) => {
    probe.onicecandidate = ({ candidate }) => candidate && resolve(true);
    setTimeout(() => resolve(false), ms);
  });
  probe.createDataChannel("probe");
  await probe.setLocalDescription();
  const answer = await found;
  probe.close();
  return answer;
}
