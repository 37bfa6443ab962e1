import { once } from "node:events";
import { WebSocketServer } from "ws";

/** Serves WebSockets on a free port of the loopback address and returns the port. */
export async function listen(connection) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", connection);
  await once(server, "listening");
  return server.address().port;
}
