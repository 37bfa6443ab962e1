/**
 * Runs in the page before its own code: counts the bytes of the WebSocket, and keeps the
 * connections within reach.
 */
export function meterPaths() {
  window.paths = { socketBytes: 0, connections: [] };
  const count = (data) => {
    window.paths.socketBytes += data.byteLength ?? data.size ?? data.length;
  };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => count(data));
    }

    send(data) {
      count(data);
      super.send(data);
    }
  };
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    if (!window.paths.connections.includes(this)) window.paths.connections.push(this);
    return create.apply(this, given);
  };
}

/**
 * Runs in the page: returns the bytes over the WebSocket in both directions and of each data
 * channel, and the addresses to which datagrams go.
 */
export async function readPaths() {
  const { socketBytes, connections } = window.paths;
  const reports = await Promise.all(connections.map((connection) => connection.getStats()));
  const all = reports.flatMap((report) => [...report.values()]);
  const channels = all.filter(({ type }) => type === "data-channel");
  const pairs = all.filter(({ type, nominated, bytesSent }) => type === "candidate-pair" && nominated && bytesSent > 0);
  const places = pairs.map(({ remoteCandidateId }) => all.find(({ id }) => id === remoteCandidateId));
  return {
    socketBytes,
    ops: { ...channels.find(({ label }) => label === "ops") },
    live: { ...channels.find(({ label }) => label === "live") },
    peers: [...new Set(places.map(({ address, port }) => `${address}:${port}`))],
  };
}
