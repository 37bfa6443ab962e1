import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FrameStampSchema,
  MediaSchema,
  OpBatchSchema,
  type FrameStamp,
  type Media,
  type ObjectId,
  type ObjectState,
  type Op,
} from "../gen/fmz/v1/annotation_pb";
import { ClientMessageSchema, ServerMessageSchema, WelcomeSchema } from "../gen/fmz/v1/session_pb";
import type { Author, ChannelName, Engine, Introduction, Replica, Sent, Told, Way } from "../core/engine";
import type { Outgoing } from "../core/messages";
import type { GridPoint } from "../core/presence";
import init, { orderBetween, Participant, Way as WayNumber, type InitInput, type Told as ToldBody } from "../wasm/fmz_participant";
import { readObjects } from "./objects";

const MODULE = new URL("../wasm/fmz_participant_bg.wasm", import.meta.url);

const WAYS: Readonly<Record<Way, WayNumber>> = { socket: WayNumber.Socket, ops: WayNumber.Ops, live: WayNumber.Live };

/** Loads the engine; `source` where it does not lie beside this module. */
export async function loadReplica(source: InitInput = MODULE): Promise<Replica> {
  await init({ module_or_path: source });
  return (introduction) => new WasmEngine(introduction);
}

/** The crate `participant`, compiled to wasm, in the client's types. */
class WasmEngine implements Engine {
  private readonly inner: Participant;

  constructor({ token, name, sessionKey, transport }: Introduction) {
    this.inner = new Participant(token, name, sessionKey, transport);
  }

  connected(now: number): void {
    this.inner.connected(now);
  }

  disconnected(): void {
    this.inner.disconnected();
  }

  setChannel(name: ChannelName, open: boolean, now: number): void {
    this.inner.setChannel(WAYS[name], open, now);
  }

  receiveFrame(way: Way, frame: Uint8Array, now: number): void {
    this.inner.receiveFrame(WAYS[way], frame, now);
  }

  timeout(now: number): void {
    this.inner.timeout(now);
  }

  get dueAt(): number | undefined {
    return this.inner.dueAt;
  }

  nextFrames(): readonly Sent[] {
    return this.inner.nextFrames() as Sent[];
  }

  nextEvents(): readonly Told[] {
    return this.inner.nextEvents().flatMap(told);
  }

  send(message: Outgoing): void {
    this.inner.send(toBinary(ClientMessageSchema, create(ClientMessageSchema, { message })));
  }

  point(place: GridPoint | undefined, now: number): void {
    if (place) this.inner.point(place.x, place.y, now);
    else this.inner.pointNowhere(now);
  }

  get way(): Way | undefined {
    return this.inner.way as Way | undefined;
  }

  submit(ops: readonly Op[], now: number): void {
    this.inner.submit(batchOf(ops), now);
  }

  submitHeld({ author, counter }: ObjectId, ops: readonly Op[], now: number): void {
    this.inner.submitHeld(author, counter, batchOf(ops), now);
  }

  restamp({ author, counter }: ObjectId, frame: FrameStamp, now: number): void {
    this.inner.restamp(author, counter, toBinary(FrameStampSchema, frame), now);
  }

  bringToFront({ author, counter }: ObjectId, now: number): void {
    this.inner.bringToFront(author, counter, now);
  }

  sendToBack({ author, counter }: ObjectId, now: number): void {
    this.inner.sendToBack(author, counter, now);
  }

  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array {
    return orderBetween(before, after);
  }

  beginGroup(now: number): void {
    this.inner.beginGroup(now);
  }

  endGroup(now: number): void {
    this.inner.endGroup(now);
  }

  undo(now: number): boolean {
    return this.inner.undo(now);
  }

  redo(now: number): boolean {
    return this.inner.redo(now);
  }

  get canUndo(): boolean {
    return this.inner.canUndo;
  }

  get canRedo(): boolean {
    return this.inner.canRedo;
  }

  takeObjects(): readonly ObjectState[] {
    return readObjects(this.inner.takeObjects() as Uint8Array<ArrayBuffer>);
  }

  takeChanges(): readonly ObjectState[] {
    return readObjects(this.inner.takeChanges() as Uint8Array<ArrayBuffer>);
  }

  takeAuthors(): readonly Author[] {
    return this.inner.takeAuthors();
  }

  media(id: string): Media | undefined {
    const media = this.inner.media(id);
    return media && fromBinary(MediaSchema, media);
  }

  nextCounter(): number {
    return this.inner.nextCounter();
  }

  get author(): number {
    return this.inner.author;
  }

  get revision(): bigint {
    return this.inner.revision;
  }

  get stateHash(): bigint {
    return this.inner.stateHash;
  }

  get pendingCount(): number {
    return this.inner.pendingCount;
  }
}

/** The engine takes ops as a batch without numbers. */
function batchOf(ops: readonly Op[]): Uint8Array {
  return toBinary(OpBatchSchema, create(OpBatchSchema, { ops: [...ops] }));
}

/** Reads what the engine tells; nothing for a message of a newer protocol. */
function told(event: ToldBody): Told[] {
  switch (event.kind) {
    case "welcomed":
      return [{ kind: event.kind, welcome: fromBinary(WelcomeSchema, event.body) }];
    case "message": {
      const { message } = fromBinary(ServerMessageSchema, event.body);
      return message.case === undefined ? [] : [{ kind: event.kind, message }];
    }
    default:
      return [event];
  }
}
