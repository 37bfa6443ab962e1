import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { HelloSchema, PingSchema, type Welcome } from "../gen/fmz/v1/session_pb";
import { type Backoff } from "./backoff";
import type { Clock } from "./clock";
import { decodeFrame, encodeFrame, type Incoming, type Outgoing } from "./codec";
import { Emitter } from "./events";
import { SILENCE_MS_MAX } from "./limits";

/** Pings this often until the server has said how often it wants them, ms. */
const PING_INTERVAL_MS = 5_000;

/** A message socket that the shell opens; a test gives its own. */
export interface Socket {
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** What a socket tells. `closed` comes once, also where it never opened. */
export interface SocketEvents {
  opened(): void;
  received(frame: Uint8Array): void;
  closed(): void;
}

export type OpenSocket = (events: SocketEvents) => Socket;

/** What the client says of itself on each connection. */
export type Introduction = () => MessageInitShape<typeof HelloSchema>;

export interface SignalingEvents {
  /** The server took the `Hello`; messages may be sent from here on. */
  welcomed: Welcome;
  message: Incoming;
  /** The connection is lost; tries go on by themselves. */
  lost: Loss;
  /** The end: no more tries. */
  ended: { readonly code: string; readonly text: string };
  /** Round trip to the server, ms. */
  roundTrip: number;
}

/** A connection that is gone. */
export interface Loss {
  /** Tries since the last that held. */
  readonly attempt: number;
  /** Why the server ended it, where it said so. */
  readonly code: string | undefined;
}

interface Connection {
  readonly socket: Socket;
  welcomed: boolean;
  heardAt: number;
  closingCode: string | undefined;
}

/** The WebSocket of a session: says `Hello`, keeps it alive, comes back for ever with a growing pause. */
export class Signaling extends Emitter<SignalingEvents> {
  private connection: Connection | undefined;
  private cancelTimer: () => void = () => undefined;
  private attempt = 0;
  private pings = 0;
  private pingIntervalMs = PING_INTERVAL_MS;
  private over = false;

  constructor(
    private readonly openSocket: OpenSocket,
    private readonly introduce: Introduction,
    private readonly clock: Clock,
    private readonly backoff: Backoff,
  ) {
    super();
  }

  start(): void {
    this.connect();
  }

  /** True where the server has taken this connection's `Hello`. */
  get ready(): boolean {
    return this.connection?.welcomed ?? false;
  }

  /** Sends where [`ready`], else drops: whoever needs the message to arrive sends it again at `welcomed`. */
  send(message: Outgoing): void {
    if (this.connection?.welcomed) this.connection.socket.send(encodeFrame(message));
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

  /** Tries at once where it was waiting: the network may be back. */
  hurry(): void {
    if (this.over || this.connection) return;
    this.backoff.reset();
    this.connect();
  }

  private connect(): void {
    this.cancelTimer();
    const connection: Connection = {
      welcomed: false,
      heardAt: this.clock.now(),
      closingCode: undefined,
      socket: this.openSocket({
        opened: () => {
          if (this.connection === connection) this.sayHello(connection);
        },
        received: (frame) => {
          if (this.connection === connection) this.handleFrame(connection, frame);
        },
        closed: () => {
          this.handleLoss(connection);
        },
      }),
    };
    this.connection = connection;
    this.watch(connection);
  }

  private sayHello(connection: Connection): void {
    const value = create(HelloSchema, this.introduce());
    connection.socket.send(encodeFrame({ case: "hello", value }));
  }

  private handleFrame(connection: Connection, frame: Uint8Array): void {
    connection.heardAt = this.clock.now();
    let message: Incoming | undefined;
    try {
      message = decodeFrame(frame);
    } catch {
      this.drop(connection);
      return;
    }
    if (message) this.handleMessage(connection, message);
  }

  private handleMessage(connection: Connection, message: Incoming): void {
    switch (message.case) {
      case "welcome":
        this.handleWelcome(connection, message.value);
        break;
      case "pong":
        this.emit("roundTrip", this.clock.now() - Number(message.value.sentUs) / 1000);
        break;
      case "closing":
        connection.closingCode = message.value.code;
        if (!message.value.retry) this.leave(message.value.code, message.value.text);
        break;
      default:
        this.emit("message", message);
    }
  }

  private handleWelcome(connection: Connection, welcome: Welcome): void {
    connection.welcomed = true;
    this.attempt = 0;
    this.backoff.reset();
    this.pingIntervalMs = welcome.pingIntervalMs || PING_INTERVAL_MS;
    this.emit("welcomed", welcome);
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

  private drop(connection: Connection): void {
    connection.socket.close();
    this.handleLoss(connection);
  }

  private watch(connection: Connection): void {
    this.cancelTimer = this.clock.after(this.pingIntervalMs, () => {
      if (this.clock.now() - connection.heardAt >= SILENCE_MS_MAX) {
        this.drop(connection);
        return;
      }
      this.ping();
      this.watch(connection);
    });
  }

  private ping(): void {
    this.pings += 1;
    const sentUs = BigInt(Math.round(this.clock.now() * 1000));
    this.send({ case: "ping", value: create(PingSchema, { nonce: BigInt(this.pings), sentUs }) });
  }
}
