import type { FrameStamp, Media, ObjectId, ObjectState, Op } from "../gen/fmz/v1/annotation_pb";
import type { Welcome } from "../gen/fmz/v1/session_pb";
import type { Incoming, Outgoing } from "./messages";
import type { GridPoint } from "./presence";

/** The way on which a frame travels: the WebSocket, or a data channel. */
export type Way = "socket" | "ops" | "live";
export type ChannelName = Exclude<Way, "socket">;

/** What a participant says of itself on each connection. */
export interface Introduction {
  readonly token: string;
  readonly name: string;
  /** 16 random bytes, made once for the page's life. */
  readonly sessionKey: Uint8Array<ArrayBuffer>;
  /** False for a client that wants no media and no data channels. */
  readonly transport: boolean;
}

/** A frame to send. */
export interface Sent {
  readonly way: Way;
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** Something that the engine tells. */
export type Told =
  | { readonly kind: "welcomed"; readonly welcome: Welcome }
  /** A message that is not about the document. */
  | { readonly kind: "message"; readonly message: Incoming }
  /** A snapshot replaced the document. */
  | { readonly kind: "loaded" }
  /** Objects changed: `takeChanges` has them. */
  | { readonly kind: "changed" }
  /** Own ops were refused, or cannot be committed any more (`lost`); they are taken back. */
  | { readonly kind: "refused"; readonly code: string; readonly text: string }
  /** The server answered a ping. */
  | { readonly kind: "roundTrip"; readonly ms: number }
  /** The server is held for dead: give the connection up. */
  | { readonly kind: "silent" };

/** Who drew. */
export interface Author {
  readonly author: number;
  readonly name: string;
  /** What `assignee` names. */
  readonly identity: string;
}

/**
 * The client's half of the protocol, the crate `participant` compiled to wasm: frames go in and
 * out, the document is inside. Times are milliseconds of one clock. After each call `nextFrames`
 * and `nextEvents` have what came of it.
 */
export interface Engine {
  /** A connection is there: says `Hello` on it. */
  connected(now: number): void;
  disconnected(): void;
  setChannel(name: ChannelName, open: boolean, now: number): void;
  /** Takes a frame of the server. Throws if the server broke the protocol. */
  receiveFrame(way: Way, frame: Uint8Array, now: number): void;
  timeout(now: number): void;
  /** When `timeout` is to be called. */
  readonly dueAt: number | undefined;
  nextFrames(): readonly Sent[];
  nextEvents(): readonly Told[];
  /** Sends over the WebSocket; without a welcome it is dropped. */
  send(message: Outgoing): void;
  /** Moves the own pointer; `undefined` takes it off the picture. */
  point(place: GridPoint | undefined, now: number): void;
  /** How ops travel now. */
  readonly way: Way | undefined;

  /** Shows ops at once and sends them. Throws if an op is not possible; then none is taken. */
  submit(ops: readonly Op[], now: number): void;
  /** The same; what creates this object, and all behind it, waits for `restamp`. */
  submitHeld(id: ObjectId, ops: readonly Op[], now: number): void;
  /** Corrects the frame of an object that has not left yet, and lets it go. */
  restamp(id: ObjectId, frame: FrameStamp, now: number): void;
  /**
   * Draws an object after, or before, all others that are seen. Throws as `submit`,
   * and if no place is left.
   */
  bringToFront(id: ObjectId, now: number): void;
  sendToBack(id: ObjectId, now: number): void;
  /**
   * A key of the drawing order between two others; at its end where one is left out. Throws
   * where nothing is left between.
   */
  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array;
  /** What is submitted until `endGroup` is undone as one. */
  beginGroup(now: number): void;
  endGroup(now: number): void;
  undo(now: number): boolean;
  redo(now: number): boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Returns the objects in drawing order, without the deleted. Their changes count as taken. */
  takeObjects(): readonly ObjectState[];
  /** Objects that changed since the last call; those not to be shown any more are `deleted`. */
  takeChanges(): readonly ObjectState[];
  /** Authors who came since the last call. */
  takeAuthors(): readonly Author[];
  /** A media of the document, by its id. */
  media(id: string): Media | undefined;
  /** Counter for the id of the next object, 0 without an author. */
  nextCounter(): number;
  readonly author: number;
  readonly revision: bigint;
  /** Hash of what the server confirmed, 64 bits: equal wherever the document is. */
  readonly stateHash: bigint;
  /** Ops that the server has not confirmed. */
  readonly pendingCount: number;
}

/** Makes an engine, once its code is loaded. */
export type Replica = (introduction: Introduction) => Engine;
