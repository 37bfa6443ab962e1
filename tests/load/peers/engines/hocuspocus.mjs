/** Yjs behind Hocuspocus, without extensions: documents in memory. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider";
import { Server } from "@hocuspocus/server";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { YjsPen, once } from "../yjs-pen.mjs";

export async function serve() {
  const server = new Server({ address: "127.0.0.1", port: 0, quiet: true, stopOnSignals: false });
  await server.listen();
  return server.httpServer.address().port;
}

export async function connect(port, room) {
  const doc = new Y.Doc();
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://127.0.0.1:${port}`,
    WebSocketPolyfill: WebSocket,
  });
  const provider = new HocuspocusProvider({ websocketProvider, name: room, document: doc });
  const synced = once((done) => provider.on("synced", done));
  provider.attach();
  await synced;
  return new YjsPen(doc);
}
