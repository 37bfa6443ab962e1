/** Yjs behind Hocuspocus, without extensions: documents in memory. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import { Server } from "@hocuspocus/server";
import { createDecoder, readVarString, readVarUint } from "lib0/decoding";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { YjsPen, once } from "../yjs-pen.mjs";

export async function serve() {
  const server = new Server({ address: "127.0.0.1", port: 0, quiet: true, stopOnSignals: false });
  await server.listen();
  return server.httpServer.address().port;
}

/** The kind of message that carries sync. */
const SYNC = 0;

export async function connect(port, room, onlyCounts) {
  const doc = new Y.Doc();
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://127.0.0.1:${port}`,
    WebSocketPolyfill: WebSocket,
  });
  const provider = new HocuspocusProvider({ websocketProvider, name: room, document: doc });
  const synced = once((done) => provider.on("synced", done));
  provider.attach();
  await synced;
  const pen = new YjsPen(doc);
  if (onlyCounts) {
    pen.onlyCount();
    provider.onMessage = ({ data }) => {
      const message = createDecoder(new Uint8Array(data));
      readVarString(message);
      if (readVarUint(message) === SYNC) pen.receive(readVarUint(message));
    };
  }
  return pen;
}
