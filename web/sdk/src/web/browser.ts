import type { Clock } from "../core/clock";
import { SESSION_KEY_BYTES } from "../core/limits";
import type { OpenSocket } from "../core/signaling";

/** The browser's clock. */
export const browserClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Opens WebSockets to `url`. */
export function webSocketTo(url: string): OpenSocket {
  return (events) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      events.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) events.received(new Uint8Array(data));
    };
    socket.onclose = () => {
      events.closed();
    };
    return {
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      },
      close: () => {
        socket.close();
      },
    };
  };
}

/** Returns a new session key. */
export function newSessionKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(SESSION_KEY_BYTES));
}
