import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CommittedSchema,
  FrameStampSchema,
  ObjectListSchema,
  OpBatchSchema,
  type Committed,
  type FrameStamp,
  type ObjectId,
  type ObjectState,
  type Op,
  type OpBatch,
} from "../gen/fmz/v1/annotation_pb";
import { OpCopiesSchema, type OpCopies } from "../gen/fmz/v1/session_pb";
import type { Lost, Replica } from "../core/replica";
import init, { AnnotationReplica, orderBetween, type InitInput, type Lost as LostBatches } from "../wasm/fmz_annotation";

const MODULE = new URL("../wasm/fmz_annotation_bg.wasm", import.meta.url);

/** Loads the document engine; `source` where it does not lie beside this module. */
export async function loadReplica(source: InitInput = MODULE): Promise<Replica> {
  await init({ module_or_path: source });
  return new WasmReplica();
}

/** The annotation engine, compiled to wasm, in the client's types. */
class WasmReplica implements Replica {
  private readonly engine = new AnnotationReplica();

  load(snapshot: Uint8Array): Lost {
    return lost(this.engine.load(snapshot));
  }

  setAuthor(author: number, lastClientSeq: bigint, owner: boolean): Lost {
    this.engine.setOwner(owner);
    return lost(this.engine.setAuthor(author, lastClientSeq));
  }

  receive(committed: Committed): { readonly gap: boolean } {
    return this.engine.receive(toBinary(CommittedSchema, committed));
  }

  receiveCopy(committed: Committed): void {
    this.engine.receiveCopy(toBinary(CommittedSchema, committed));
  }

  submit(ops: readonly Op[]): void {
    this.engine.submit(toBinary(OpBatchSchema, create(OpBatchSchema, { ops: [...ops] })));
  }

  hold({ author, counter }: ObjectId): void {
    this.engine.hold(author, counter);
  }

  release({ author, counter }: ObjectId): void {
    this.engine.release(author, counter);
  }

  restamp({ author, counter }: ObjectId, frame: FrameStamp): void {
    this.engine.restamp(author, counter, toBinary(FrameStampSchema, frame));
  }

  bringToFront({ author, counter }: ObjectId): void {
    this.engine.bringToFront(author, counter);
  }

  sendToBack({ author, counter }: ObjectId): void {
    this.engine.sendToBack(author, counter);
  }

  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array {
    return orderBetween(before, after);
  }

  beginGroup(): void {
    this.engine.beginGroup();
  }

  endGroup(): void {
    this.engine.endGroup();
  }

  takeBatch(opsMax: number): OpBatch | undefined {
    const bytes = this.engine.takeBatch(opsMax);
    return bytes && fromBinary(OpBatchSchema, bytes);
  }

  unacked(): readonly OpBatch[] {
    return this.engine.unacked().map((bytes) => fromBinary(OpBatchSchema, bytes));
  }

  takeCopies(): OpCopies | undefined {
    const bytes = this.engine.takeCopies();
    return bytes && fromBinary(OpCopiesSchema, bytes);
  }

  rejected(clientSeq: bigint): Lost {
    return lost(this.engine.rejected(clientSeq));
  }

  undo(): boolean {
    return this.engine.undo();
  }

  redo(): boolean {
    return this.engine.redo();
  }

  get canUndo(): boolean {
    return this.engine.canUndo;
  }

  get canRedo(): boolean {
    return this.engine.canRedo;
  }

  objects(): readonly ObjectState[] {
    return fromBinary(ObjectListSchema, this.engine.objects()).objects;
  }

  takeChanges(): readonly ObjectState[] {
    return fromBinary(ObjectListSchema, this.engine.takeChanges()).objects;
  }

  nextCounter(): number {
    return this.engine.nextCounter();
  }

  get author(): number {
    return this.engine.author;
  }

  get revision(): bigint {
    return this.engine.revision;
  }

  get stateHash(): bigint {
    return this.engine.stateHash;
  }

  get pendingCount(): number {
    return this.engine.pendingCount;
  }

  get queuedCount(): number {
    return this.engine.queuedCount;
  }
}

function lost({ batches, queuedOps }: LostBatches): Lost {
  return { ops: batches.length + queuedOps };
}
