import type { Closing } from "../gen/fmz/v1/session_pb";
import { type Backoff } from "./backoff";
import type { Clock } from "./clock";
import { Emitter } from "./events";
import { OPEN_MS_MAX } from "./limits";

/** A message socket that the shell opens; a test gives its own. */
export interface Socket {
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** The events of a socket. `closed` comes once, also if the socket never opened. */
export interface SocketEvents {
  opened(): void;
  received(frame: Uint8Array): void;
  closed(): void;
}

export type OpenSocket = (events: SocketEvents) => Socket;

export interface SignalingEvents {
  /** A connection is there. */
  opened: undefined;
  frame: Uint8Array;
  /** The connection is lost; tries go on by themselves. */
  lost: Loss;
  /** The end: no more tries. */
  ended: { readonly code: string; readonly text: string };
}

/** A connection that is gone. */
export interface Loss {
  /** Tries since the last that held. */
  readonly attempt: number;
  /** The server's reason to end it, if it gave one. */
  readonly code: string | undefined;
}

interface Connection {
  readonly socket: Socket;
  closingCode: string | undefined;
}

/** The WebSocket of a session: carries frames, and comes back for ever with a growing pause. */
export class Signaling extends Emitter<SignalingEvents> {
  private connection: Connection | undefined;
  private cancelTimer: () => void = () => undefined;
  private attempt = 0;
  private over = false;

  constructor(
    private readonly openSocket: OpenSocket,
    private readonly clock: Clock,
    private readonly backoff: Backoff,
  ) {
    super();
  }

  start(): void {
    this.connect();
  }

  /** Sends a frame if there is a connection. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    this.connection?.socket.send(frame);
  }

  /** Takes note that the connection holds: the server let this client in. */
  holds(): void {
    this.attempt = 0;
    this.backoff.reset();
  }

  /** Takes note that the server ends the connection: for good, unless it says to try again. */
  close({ code, text, retry }: Pick<Closing, "code" | "text" | "retry">): void {
    if (this.connection) this.connection.closingCode = code;
    if (!retry) this.leave(code, text);
  }

  /** Gives the connection up and makes another. */
  drop(): void {
    if (!this.connection) return;
    this.connection.socket.close();
    this.handleLoss(this.connection);
  }

  /** Ends for good, from this side. */
  leave(code = "left", text = ""): void {
    if (this.over) return;
    this.over = true;
    this.cancelTimer();
    this.connection?.socket.close();
    this.connection = undefined;
    this.emit("ended", { code, text });
  }

  /** Tries at once if it was waiting: the network may be back. */
  hurry(): void {
    if (this.over || this.connection) return;
    this.backoff.reset();
    this.connect();
  }

  private connect(): void {
    this.cancelTimer();
    const connection: Connection = {
      closingCode: undefined,
      socket: this.openSocket({
        opened: () => {
          if (this.connection !== connection) return;
          this.cancelTimer();
          this.emit("opened", undefined);
        },
        received: (frame) => {
          if (this.connection === connection) this.emit("frame", frame);
        },
        closed: () => {
          this.handleLoss(connection);
        },
      }),
    };
    this.connection = connection;
    // A server that does not even open in this time is as dead as one that falls silent.
    this.cancelTimer = this.clock.after(OPEN_MS_MAX, () => {
      this.drop();
    });
  }

  private handleLoss(connection: Connection): void {
    if (this.over || this.connection !== connection) return;
    this.connection = undefined;
    this.attempt += 1;
    this.cancelTimer();
    this.cancelTimer = this.clock.after(this.backoff.next(), () => {
      this.connect();
    });
    this.emit("lost", { attempt: this.attempt, code: connection.closingCode });
  }
}
