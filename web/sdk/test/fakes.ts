import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ClientMessageSchema,
  GrantsSchema,
  ServerMessageSchema,
  WelcomeSchema,
  type ClientMessage,
} from "../src/gen/fmz/v1/session_pb";
import type { Clock } from "../src/core/clock";
import type { Incoming } from "../src/core/messages";
import type { OpenSocket, SocketEvents } from "../src/core/signaling";
import { uncompress } from "snappyjs";

/** A clock that moves when told. */
export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; fire: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { at: this.time + delayMs, fire };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, firing what falls due in its order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = next.at;
      next.fire();
    }
    this.time = end;
  }
}

/** The server's end of one connection. */
export class FakeConnection {
  readonly heard: Exclude<ClientMessage["message"], { case: undefined }>[] = [];
  open = true;

  constructor(readonly events: SocketEvents) {}

  say(message: Incoming): void {
    this.events.received(serverFrame(message));
  }

  welcome(fields: MessageInitShape<typeof WelcomeSchema> = {}): void {
    const value = create(WelcomeSchema, fields);
    Object.assign(value, { room: "r", participant: 1, author: fields.author ?? 1, grants: create(GrantsSchema, { annotate: true }) });
    this.events.opened();
    this.say({ case: "welcome", value });
  }

  drop(): void {
    this.open = false;
    this.events.closed();
  }
}

/** Opens connections that a test holds the other end of. */
export class FakeNetwork {
  readonly connections: FakeConnection[] = [];

  readonly openSocket: OpenSocket = (events) => {
    const connection = new FakeConnection(events);
    this.connections.push(connection);
    return {
      send: (frame) => {
        if (connection.open) connection.heard.push(clientMessage(frame));
      },
      close: () => {
        connection.open = false;
      },
    };
  };

  get last(): FakeConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("nothing connected");
    return connection;
  }
}

export function serverFrame(message: Incoming): Uint8Array<ArrayBuffer> {
  const body = toBinary(ServerMessageSchema, create(ServerMessageSchema, { message }));
  return Uint8Array.from([0, ...body]);
}

export function clientMessage(frame: Uint8Array): Exclude<ClientMessage["message"], { case: undefined }> {
  const body = frame[0] === 1 ? uncompress(frame.subarray(1)) : frame.subarray(1);
  const { message } = fromBinary(ClientMessageSchema, body);
  if (message.case === undefined) throw new Error("no message");
  return message;
}
