/** Yjs behind the server that its authors publish: @y/websocket-server, documents in memory. */
import { setupWSConnection } from "@y/websocket-server/utils";
import { readVarUint } from "lib0/decoding";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { listen } from "../listen.mjs";
import { YjsPen, once } from "../yjs-pen.mjs";

export const serve = () => listen(setupWSConnection);

/** Index of sync messages among a provider's handlers. */
const SYNC = 0;

export async function connect(port, room, onlyCounts) {
  const doc = new Y.Doc();
  // Tabs of one browser would exchange updates past the server. These clients stand for people with
  // a machine each.
  const options = { WebSocketPolyfill: WebSocket, disableBc: true };
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, room, doc, options);
  await once((done) => provider.on("sync", done));
  const pen = new YjsPen(doc);
  if (onlyCounts) {
    pen.onlyCount();
    provider.messageHandlers[SYNC] = (_, message) => pen.receive(readVarUint(message));
  }
  return pen;
}
