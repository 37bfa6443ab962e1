import { create, fromBinary } from "@bufbuild/protobuf";
import {
  DocumentSnapshotSchema,
  ObjectIdSchema,
  type AuthorAdded,
  type Committed,
  type FrameStamp,
  type Media,
  type ObjectId,
  type ObjectState,
  type Op,
} from "../gen/fmz/v1/annotation_pb";
import type { Rejected, Snapshot } from "../gen/fmz/v1/session_pb";
import type { Clock } from "./clock";
import { Emitter } from "./events";
import { SNAPSHOT_BYTES_MAX } from "./limits";
import { Outbox, type SendBatch, type SendCopies } from "./outbox";
import type { Lost, Replica } from "./replica";

export interface DocumentEvents {
  /** Objects that changed, the deleted among them; `all` has every object in drawing order instead. */
  changed: { readonly kind: "all" | "some"; readonly objects: readonly ObjectState[] };
  /** The server confirmed ops, or there are more of them: look at `pending`. */
  progress: SharedDocument;
  /** Revisions are missing, or the document is not the server's (`diverged`): everything after `revision` is asked for. */
  resync: { readonly revision: bigint; readonly diverged: boolean };
  /** Some of this client's ops were refused or became impossible; they are taken back. */
  refused: { readonly code: string; readonly text: string };
}

/** The shared document and the way to it: apply at once, send, merge what comes, close gaps. */
export class SharedDocument extends Emitter<DocumentEvents> {
  /** Names of those who drew, by author number. */
  readonly authors = new Map<number, string>();
  /** Who they are, by author number: what `assignee` names. */
  readonly identities = new Map<number, string>();
  /** What marks hang on: films and live sources, by their ids. */
  readonly media = new Map<string, Media>();
  private readonly outbox: Outbox;
  private parts: Uint8Array[] = [];
  private partBytes = 0;
  private resyncing = false;

  constructor(
    private readonly replica: Replica,
    clock: Clock,
  ) {
    super();
    this.outbox = new Outbox(replica, clock);
  }

  get revision(): bigint {
    return this.replica.revision;
  }

  /** Hash of what the server confirmed, 64 bits: equal wherever the document is (docs/SPEC-annotation.md, State hash). */
  get stateHash(): bigint {
    return this.replica.stateHash;
  }

  /** Own ops that the server has not confirmed. */
  get pending(): number {
    return this.replica.pendingCount;
  }

  get canUndo(): boolean {
    return this.replica.canUndo;
  }

  get canRedo(): boolean {
    return this.replica.canRedo;
  }

  /** Id for the next own object; `undefined` for who may not draw. */
  nextId(): ObjectId | undefined {
    const counter = this.replica.nextCounter();
    return counter > 0 ? create(ObjectIdSchema, { author: this.replica.author, counter }) : undefined;
  }

  /** Applies own ops at once and sends them; false where they are not possible, and then nothing is changed. */
  submit(ops: readonly Op[]): boolean {
    return this.attempt(() => { this.replica.submit(ops); });
  }

  /**
   * Applies own ops at once, the first of which creates an object, and sends none of them before `restamp` says which
   * frame the object is on. Returns false if they are not possible; then nothing is changed.
   */
  submitHeld(id: ObjectId, ops: readonly Op[]): boolean {
    this.replica.hold(id);
    const done = this.submit(ops);
    if (!done) this.replica.release(id);
    return done;
  }

  /** Corrects the frame of an object that is held back, and lets it go. */
  restamp(id: ObjectId, frame: FrameStamp): void {
    try {
      this.replica.restamp(id, frame);
    } finally {
      // Whatever is wrong with the frame, the mark and all behind it must leave.
      this.replica.release(id);
      this.tellChanges();
    }
  }

  /** Draws an object after all others that are seen; false where this client may not. */
  bringToFront(id: ObjectId): boolean {
    return this.attempt(() => { this.replica.bringToFront(id); });
  }

  /** Draws an object before all others that are seen; false where this client may not. */
  sendToBack(id: ObjectId): boolean {
    return this.attempt(() => { this.replica.sendToBack(id); });
  }

  /** A key of the drawing order between two others; at its end where one is left out. Throws where nothing is left between. */
  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array {
    return this.replica.orderBetween(before, after);
  }

  /** Makes what `gesture` submits one step of undo. */
  beginGesture(): void {
    this.replica.beginGroup();
  }

  endGesture(): void {
    this.replica.endGroup();
    this.emit("progress", this);
  }

  undo(): boolean {
    const undone = this.replica.undo();
    if (undone) this.tellChanges();
    return undone;
  }

  redo(): boolean {
    const redone = this.replica.redo();
    if (redone) this.tellChanges();
    return redone;
  }

  /** A connection begins: the author's number, the last batch that the log holds, the right to change all objects. */
  welcome(author: number, lastClientSeq: bigint, owner: boolean): void {
    this.resyncing = false;
    this.dropParts();
    this.outbox.setHeld(lastClientSeq);
    this.tellLost(this.replica.setAuthor(author, lastClientSeq, owner));
  }

  setPath(path: SendBatch | undefined): void {
    this.outbox.setPath(path);
  }

  setCopyPath(path: SendCopies | undefined): void {
    this.outbox.setCopyPath(path);
  }

  /** Takes a copy of what is on its way on the ordered path, in whatever order. */
  handleCopy(committed: Committed): void {
    try {
      this.replica.receiveCopy(committed);
    } catch (error) {
      this.askResync(0n, isDiverged(error));
      return;
    }
    this.learn(committed);
    this.tellChanges();
  }

  handleCommitted(committed: Committed): void {
    try {
      if (this.replica.receive(committed).gap) {
        this.askResync(this.revision);
        return;
      }
    } catch (error) {
      this.askResync(0n, isDiverged(error));
      return;
    }
    this.resyncing = false;
    this.learn(committed);
    this.tellChanges();
  }

  handleSnapshot(snapshot: Snapshot): void {
    this.partBytes += snapshot.part.length;
    if (this.partBytes > SNAPSHOT_BYTES_MAX) {
      this.dropParts();
      return;
    }
    this.parts.push(snapshot.part);
    if (snapshot.last) this.load();
  }

  handleRejected(rejected: Rejected): void {
    this.replica.rejected(rejected.clientSeq);
    this.tellChanges();
    // A copy of a later commit may have taken it back already.
    this.emit("refused", { code: rejected.code, text: rejected.text });
  }

  private attempt(change: () => void): boolean {
    try {
      change();
    } catch {
      return false;
    }
    this.tellChanges();
    return true;
  }

  private load(): void {
    const bytes = joined(this.parts, this.partBytes);
    this.dropParts();
    let lost: Lost;
    try {
      lost = this.replica.load(bytes);
    } catch {
      this.askResync(0n);
      return;
    }
    this.resyncing = false;
    const { authors, media } = fromBinary(DocumentSnapshotSchema, bytes);
    for (const author of authors) this.learnAuthor(author);
    for (const one of media) this.media.set(one.id, one);
    this.replica.takeChanges();
    this.emit("changed", { kind: "all", objects: this.replica.objects() });
    this.tellLost(lost);
    this.progress();
  }

  private learn({ batches }: Committed): void {
    for (const { op } of batches.flatMap(({ ops }) => ops)) {
      if (op.case === "authorAdded") this.learnAuthor(op.value);
      else if (op.case === "mediaAdded" && op.value.media) this.media.set(op.value.media.id, op.value.media);
    }
  }

  private learnAuthor({ author, name, identity }: Pick<AuthorAdded, "author" | "name" | "identity">): void {
    this.authors.set(author, name);
    this.identities.set(author, identity);
  }

  private tellChanges(): void {
    const objects = this.replica.takeChanges();
    if (objects.length > 0) this.emit("changed", { kind: "some", objects });
    this.progress();
  }

  private tellLost({ ops }: Lost): void {
    if (ops > 0) this.emit("refused", { code: "lost", text: "" });
  }

  private progress(): void {
    this.outbox.flush();
    this.emit("progress", this);
  }

  private dropParts(): void {
    this.parts = [];
    this.partBytes = 0;
  }

  private askResync(revision: bigint, diverged = false): void {
    if (this.resyncing) return;
    this.resyncing = true;
    this.emit("resync", { revision, diverged });
  }
}

/** Whether the engine found that its document is another one than the server's. */
function isDiverged(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "diverged";
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
