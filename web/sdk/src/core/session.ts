import type { Error as ServerError, IceServers, Offer, PresenceFrom, Welcome } from "../gen/fmz/v1/session_pb";
import { Backoff } from "./backoff";
import type { Clock } from "./clock";
import { SharedDocument } from "./document";
import type { ChannelName, Engine, Introduction, Replica, Told, Way } from "./engine";
import { Emitter, unreachable } from "./events";
import type { Incoming, Outgoing } from "./messages";
import { Pointers, type GridPoint } from "./presence";
import { Room } from "./room";
import { Signaling, type Loss, type OpenSocket } from "./signaling";

export type SessionStatus =
  | ({ readonly kind: "joining" } & Loss)
  | { readonly kind: "open" }
  | ({ readonly kind: "reconnecting" } & Loss)
  | { readonly kind: "ended"; readonly code: string; readonly text: string };

/** Sends one frame over an open data channel. */
export type ChannelSend = (frame: Uint8Array<ArrayBuffer>) => void;

export interface SessionEvents {
  status: SessionStatus;
  /** Participants, publications or grants changed. */
  room: Room;
  welcomed: Welcome;
  /** Relays for the transports from now on. */
  relays: IceServers;
  offer: Offer;
  pointers: Pointers;
  /** The server refused a request. */
  error: ServerError;
  roundTrip: number;
}

/** The parts of which a session is made. */
export interface SessionParts extends Introduction {
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** Numbers in `[0, 1)`, for the jitter of reconnecting. */
  readonly random: () => number;
  readonly replica: Replica;
}

/**
 * One participant's connection to a room: room state, document and pointers. The protocol is the
 * engine's; here are the socket, the channels and the time around it. Media is the shell's.
 */
export class Session extends Emitter<SessionEvents> {
  readonly room = new Room();
  readonly pointers = new Pointers();
  readonly document: SharedDocument;
  private readonly engine: Engine;
  private readonly clock: Clock;
  private readonly signaling: Signaling;
  private readonly channels = new Map<ChannelName, ChannelSend>();
  private current: SessionStatus = { kind: "joining", attempt: 0, code: undefined };
  private cancelTimer: () => void = () => undefined;

  constructor({ openSocket, clock, random, replica, ...introduction }: SessionParts) {
    super();
    this.clock = clock;
    this.engine = replica(introduction);
    this.document = new SharedDocument(this.engine, clock, () => {
      this.flush();
    });
    this.signaling = new Signaling(openSocket, clock, new Backoff(random));
    this.listen();
  }

  get status(): SessionStatus {
    return this.current;
  }

  start(): void {
    this.signaling.start();
  }

  leave(): void {
    this.signaling.leave();
  }

  /** Tries to reconnect at once if it waits to. */
  hurry(): void {
    this.signaling.hurry();
  }

  /** Sends over the WebSocket; without a connection it is dropped. */
  send(message: Outgoing): void {
    this.engine.send(message);
    this.flush();
  }

  /** Moves this participant's pointer. */
  point(pointer: GridPoint | undefined): void {
    this.engine.point(pointer, this.clock.now());
    this.flush();
  }

  /** Takes note that a data channel opened (`send`) or closed (`undefined`). */
  setChannel(name: ChannelName, send: ChannelSend | undefined): void {
    if (send) this.channels.set(name, send);
    else this.channels.delete(name);
    this.engine.setChannel(name, send !== undefined, this.clock.now());
    this.flush();
  }

  /** Takes a frame that came over a data channel. */
  handleChannelFrame(frame: Uint8Array, name: ChannelName): void {
    this.handleFrame(name, frame);
  }

  /** The path of ops. */
  get path(): ChannelName | "websocket" | undefined {
    const { way } = this.engine;
    return way === "socket" ? "websocket" : way;
  }

  private listen(): void {
    this.signaling.on("opened", () => {
      this.engine.connected(this.clock.now());
      this.flush();
    });
    this.signaling.on("frame", (frame) => {
      this.handleFrame("socket", frame);
    });
    this.signaling.on("lost", (loss) => {
      this.handleLoss({ kind: this.current.kind === "joining" ? "joining" : "reconnecting", ...loss });
    });
    this.signaling.on("ended", (end) => {
      this.handleLoss({ kind: "ended", ...end });
    });
  }

  private handleFrame(way: Way, frame: Uint8Array): void {
    try {
      this.engine.receiveFrame(way, frame, this.clock.now());
    } catch {
      this.signaling.drop();
      return;
    }
    for (const told of this.engine.nextEvents()) this.handleTold(told);
    this.document.follow();
  }

  /** Sends what the engine has made, and asks to be woken when more is due. */
  private flush(): void {
    for (const { way, frame } of this.engine.nextFrames()) {
      if (way === "socket") this.signaling.send(frame);
      else this.channels.get(way)?.(frame);
    }
    this.cancelTimer();
    const { dueAt } = this.engine;
    if (dueAt === undefined) return;
    this.cancelTimer = this.clock.after(Math.max(0, dueAt - this.clock.now()), () => {
      this.handleTimeout();
    });
  }

  private handleTimeout(): void {
    this.engine.timeout(this.clock.now());
    for (const told of this.engine.nextEvents()) this.handleTold(told);
    this.flush();
  }

  private handleTold(told: Told): void {
    switch (told.kind) {
      case "welcomed":
        this.handleWelcome(told.welcome);
        break;
      case "message":
        this.handleMessage(told.message);
        break;
      case "loaded":
        this.document.handleLoaded();
        break;
      case "changed":
        // Each frame is followed by a look at what changed.
        break;
      case "refused":
        this.document.handleRefused(told.code, told.text);
        break;
      case "roundTrip":
        this.emit("roundTrip", told.ms);
        break;
      case "silent":
        this.signaling.drop();
        break;
      default:
        unreachable(told);
    }
  }

  private handleWelcome(welcome: Welcome): void {
    this.signaling.holds();
    this.room.welcome(welcome);
    this.pointers.clear();
    this.setStatus({ kind: "open" });
    this.emit("welcomed", welcome);
    this.emit("room", this.room);
  }

  private handleLoss(status: SessionStatus): void {
    this.channels.clear();
    this.engine.disconnected();
    this.flush();
    this.pointers.clear();
    this.emit("pointers", this.pointers);
    this.setStatus(status);
  }

  private handleMessage(message: Incoming): void {
    switch (message.case) {
      case "closing":
        this.signaling.close(message.value);
        break;
      case "iceServers":
        this.emit("relays", message.value);
        break;
      case "offer":
        this.emit("offer", message.value);
        break;
      case "presence":
        this.handlePresence(message.value);
        break;
      case "error":
        this.emit("error", message.value);
        break;
      default:
        this.handleRoomMessage(message);
    }
  }

  private handleRoomMessage(message: Incoming): void {
    if (!this.room.handle(message)) return;
    if (message.case === "participantLeft") this.setPointer(message.value.participant, undefined);
    this.emit("room", this.room);
  }

  private handlePresence(from: PresenceFrom): void {
    if (from.participant !== this.room.self) this.setPointer(from.participant, from.presence?.pointer);
  }

  private setPointer(participant: number, pointer: GridPoint | undefined): void {
    this.pointers.set(participant, pointer);
    this.emit("pointers", this.pointers);
  }

  private setStatus(status: SessionStatus): void {
    this.current = status;
    this.emit("status", status);
  }
}
