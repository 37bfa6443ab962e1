import type { Committed, FrameStamp, ObjectId, ObjectState, Op, OpBatch } from "../gen/fmz/v1/annotation_pb";
import type { OpCopies } from "../gen/fmz/v1/session_pb";

/** The document as this client holds it: the server's state, its own ops on top, and what it may undo. */
export interface Replica {
  /** Takes the server's state over; own ops that it does not hold stay on top. Throws where it is no snapshot. */
  load(snapshot: Uint8Array): Lost;
  /** Says who writes here, the last batch of theirs that the server holds, and whether they may change all objects. */
  setAuthor(author: number, lastClientSeq: bigint, owner: boolean): Lost;
  /** Applies what the server committed; true where revisions are missing before it. Throws where it does not fit. */
  receive(committed: Committed): { readonly gap: boolean };
  /** Applies a copy of what the server committed; one that is ahead waits for what is missing. Throws as `receive`. */
  receiveCopy(committed: Committed): void;
  /** Shows ops at once and queues them. Throws where an op is not possible; then none is taken. */
  submit(ops: readonly Op[]): void;
  /** Keeps ops from the one that creates this object on out of batches, until `release`. */
  hold(id: ObjectId): void;
  release(id: ObjectId): void;
  /** Corrects the frame of an object that is in no batch yet; one that is stays as it is. */
  restamp(id: ObjectId, frame: FrameStamp): void;
  /** Draws an object after, or before, all others that are seen. Throws as `submit`, and where no place is left. */
  bringToFront(id: ObjectId): void;
  sendToBack(id: ObjectId): void;
  /** A key of the drawing order between two others; at its end where one is left out. Throws where nothing is left between. */
  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array;
  /** What is submitted until `endGroup` is undone as one. */
  beginGroup(): void;
  endGroup(): void;
  /** Next batch to send, of at most `opsMax` ops. */
  takeBatch(opsMax: number): OpBatch | undefined;
  /** Batches sent and not yet committed, in order. */
  unacked(): readonly OpBatch[];
  /** Newest batches without an answer, as far as one datagram holds, each a few times at most. */
  takeCopies(): OpCopies | undefined;
  /** Takes a refused batch back. */
  rejected(clientSeq: bigint): Lost;
  undo(): boolean;
  redo(): boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Objects in drawing order, without the deleted. */
  objects(): readonly ObjectState[];
  /** Objects that changed since the last call; those not to be shown any more are `deleted`. */
  takeChanges(): readonly ObjectState[];
  /** Counter for the id of the next object, 0 without an author. */
  nextCounter(): number;
  readonly author: number;
  readonly revision: bigint;
  /** Hash of what the server confirmed, 64 bits: equal wherever the document is. */
  readonly stateHash: bigint;
  /** Ops that the server has not confirmed. */
  readonly pendingCount: number;
  /** Ops of those that are in no batch yet. */
  readonly queuedCount: number;
}

/** Own ops that can not be committed any more and were dropped. */
export interface Lost {
  readonly ops: number;
}
