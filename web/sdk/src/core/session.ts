import { create } from "@bufbuild/protobuf";
import type { OpBatch } from "../gen/fmz/v1/annotation_pb";
import { PointSchema } from "../gen/fmz/v1/annotation_pb";
import {
  PresenceSchema,
  ResyncSchema,
  type Error as ServerError,
  type IceServers,
  type Offer,
  type PresenceFrom,
  type Welcome,
} from "../gen/fmz/v1/session_pb";
import { Backoff } from "./backoff";
import type { Clock } from "./clock";
import { decodeFrame, encodeFrame, type Incoming, type Outgoing } from "./codec";
import { SharedDocument } from "./document";
import { Emitter } from "./events";
import { COPY_FRAME_BYTES_MAX } from "./limits";
import type { SendBatch, SendCopies } from "./outbox";
import { PointerSender, Pointers, type GridPoint } from "./presence";
import type { Replica } from "./replica";
import { Room } from "./room";
import { Signaling, type Loss, type OpenSocket } from "./signaling";

export type SessionStatus =
  | ({ readonly kind: "joining" } & Loss)
  | { readonly kind: "open" }
  | ({ readonly kind: "reconnecting" } & Loss)
  | { readonly kind: "ended"; readonly code: string; readonly text: string };

/** Sends one frame over an open data channel. */
export type ChannelSend = (frame: Uint8Array<ArrayBuffer>) => void;
export type ChannelName = "ops" | "live";

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

/** What a session is made of. */
export interface SessionParts {
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** Numbers in `[0, 1)`, for the jitter of reconnecting. */
  readonly random: () => number;
  readonly replica: Replica;
  readonly token: string;
  readonly name: string;
  /** 16 random bytes, made once for the page's life. */
  readonly sessionKey: Uint8Array<ArrayBuffer>;
  /** False for a client that wants no media and no data channels. */
  readonly transport: boolean;
}

/** One participant's connection to a room: messages, room state, document and pointers. Media is the shell's. */
export class Session extends Emitter<SessionEvents> {
  readonly room = new Room();
  readonly pointers = new Pointers();
  readonly document: SharedDocument;
  private readonly signaling: Signaling;
  private readonly pointerSender: PointerSender;
  private readonly channels = new Map<ChannelName, ChannelSend>();
  private current: SessionStatus = { kind: "joining", attempt: 0, code: undefined };
  private readonly overSocket = (batch: OpBatch): void => {
    this.send({ case: "ops", value: batch });
  };

  private overChannel: SendBatch | undefined;

  constructor(private readonly parts: SessionParts) {
    super();
    const { clock, replica } = parts;
    this.document = new SharedDocument(replica, clock);
    this.document.on("resync", (missed) => {
      this.send({ case: "resync", value: create(ResyncSchema, missed) });
    });
    this.pointerSender = new PointerSender((pointer) => {
      this.sendPointer(pointer);
    }, clock);
    this.signaling = new Signaling(parts.openSocket, () => this.introduction(), clock, new Backoff(parts.random));
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

  /** Tries to reconnect at once where it waits. */
  hurry(): void {
    this.signaling.hurry();
  }

  /** Sends over the WebSocket. */
  send(message: Outgoing): void {
    this.signaling.send(message);
  }

  /** Moves this participant's pointer. */
  point(pointer: GridPoint | undefined): void {
    this.pointerSender.move(pointer);
  }

  /** A data channel opened (`send`) or closed (`undefined`). */
  setChannel(name: ChannelName, send: ChannelSend | undefined): void {
    if (send) this.channels.set(name, send);
    else this.channels.delete(name);
    if (name === "ops") this.overChannel = send && batchesOver(send);
    this.choosePath();
  }

  /** Takes a frame that came over a data channel. One that cannot be read is passed over: a gap asks for it again. */
  handleChannelFrame(frame: Uint8Array, name: ChannelName): void {
    let message: Incoming | undefined;
    try {
      message = decodeFrame(frame);
    } catch {
      return;
    }
    if (name === "live" && message?.case === "committed") this.document.handleCopy(message.value);
    else if (message) this.handleMessage(message);
  }

  /** How ops travel now. */
  get path(): ChannelName | "websocket" | undefined {
    if (!this.signaling.ready) return undefined;
    return this.channels.has("ops") ? "ops" : "websocket";
  }

  private listen(): void {
    this.signaling.on("welcomed", (welcome) => {
      this.handleWelcome(welcome);
    });
    this.signaling.on("message", (message) => {
      this.handleMessage(message);
    });
    this.signaling.on("lost", (loss) => {
      this.handleLoss({ kind: this.current.kind === "joining" ? "joining" : "reconnecting", ...loss });
    });
    this.signaling.on("ended", (end) => {
      this.handleLoss({ kind: "ended", ...end });
    });
    this.signaling.on("roundTrip", (ms) => {
      this.emit("roundTrip", ms);
    });
  }

  private introduction() {
    const { token, name, sessionKey, transport } = this.parts;
    return { protocol: 1, token, name, sessionKey, revision: this.document.revision, transport };
  }

  private handleWelcome(welcome: Welcome): void {
    this.room.welcome(welcome);
    this.pointers.clear();
    this.document.welcome(welcome.author, welcome.lastClientSeq, welcome.grants?.own ?? false);
    this.setStatus({ kind: "open" });
    this.choosePath();
    this.emit("welcomed", welcome);
    this.emit("room", this.room);
  }

  private handleLoss(status: SessionStatus): void {
    this.channels.clear();
    this.overChannel = undefined;
    this.choosePath();
    this.pointers.clear();
    this.emit("pointers", this.pointers);
    this.setStatus(status);
  }

  private handleMessage(message: Incoming): void {
    switch (message.case) {
      case "committed":
        this.document.handleCommitted(message.value);
        break;
      case "snapshot":
        this.document.handleSnapshot(message.value);
        break;
      case "rejected":
        this.document.handleRejected(message.value);
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

  private choosePath(): void {
    const live = this.channels.get("live");
    this.document.setCopyPath(this.overChannel && live && copiesOver(live));
    if (!this.signaling.ready) this.document.setPath(undefined);
    else this.document.setPath(this.overChannel ?? this.overSocket);
  }

  private sendPointer(place: GridPoint | undefined): void {
    if (!this.signaling.ready) return;
    const value = create(PresenceSchema, place ? { pointer: create(PointSchema, place) } : {});
    const live = this.channels.get("live");
    if (live) live(encodeFrame({ case: "presence", value }));
    else this.send({ case: "presence", value });
  }

  private setStatus(status: SessionStatus): void {
    this.current = status;
    this.emit("status", status);
  }
}

function batchesOver(ops: ChannelSend): SendBatch {
  return (value) => {
    ops(encodeFrame({ case: "ops", value }));
  };
}

function copiesOver(live: ChannelSend): SendCopies {
  return (value) => {
    const frame = encodeFrame({ case: "copies", value });
    if (frame.length <= COPY_FRAME_BYTES_MAX) live(frame);
  };
}
