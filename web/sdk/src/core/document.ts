import { create } from "@bufbuild/protobuf";
import { ObjectIdSchema, type FrameStamp, type Media, type ObjectId, type ObjectState, type Op } from "../gen/fmz/v1/annotation_pb";
import type { Clock } from "./clock";
import type { Engine } from "./engine";
import { Emitter } from "./events";

export interface DocumentEvents {
  /**
   * Objects that changed, the deleted among them; `all` has every object in drawing order instead.
   */
  changed: { readonly kind: "all" | "some"; readonly objects: readonly ObjectState[] };
  /** The server confirmed ops, or there are more of them: look at `pending`. */
  progress: SharedDocument;
  /** Some of this client's ops were refused or became impossible; they are taken back. */
  refused: { readonly code: string; readonly text: string };
}

/** The shared document as the page sees it: own changes at once, those of others as they come. */
export class SharedDocument extends Emitter<DocumentEvents> {
  /** Names of those who drew, by author number. */
  readonly authors = new Map<number, string>();
  /** Who they are, by author number: what `assignee` names. */
  readonly identities = new Map<number, string>();

  constructor(
    private readonly engine: Engine,
    private readonly clock: Clock,
    /** Sends what the engine made. */
    private readonly flush: () => void,
  ) {
    super();
  }

  get revision(): bigint {
    return this.engine.revision;
  }

  /**
   * Hash of what the server confirmed, 64 bits: equal wherever the document is
   * (docs/SPEC-annotation.md, State hash).
   */
  get stateHash(): bigint {
    return this.engine.stateHash;
  }

  /** Own ops that the server has not confirmed. */
  get pending(): number {
    return this.engine.pendingCount;
  }

  get canUndo(): boolean {
    return this.engine.canUndo;
  }

  get canRedo(): boolean {
    return this.engine.canRedo;
  }

  /**
   * What marks hang on, a film or a live source, by its id; `undefined` while the
   * document does not know it.
   */
  media(id: string): Media | undefined {
    return this.engine.media(id);
  }

  /** Id for the next own object; `undefined` for who may not draw. */
  nextId(): ObjectId | undefined {
    const counter = this.engine.nextCounter();
    return counter > 0 ? create(ObjectIdSchema, { author: this.engine.author, counter }) : undefined;
  }

  /**
   * Applies own ops at once and sends them; false where they are not possible, and
   * then nothing is changed.
   */
  submit(ops: readonly Op[]): boolean {
    return this.attempt((now) => { this.engine.submit(ops, now); });
  }

  /**
   * Applies own ops at once, the first of which creates an object, and sends none of them
   * before `restamp` says which frame the object is on. Returns false if they are not
   * possible; then nothing is changed.
   */
  submitHeld(id: ObjectId, ops: readonly Op[]): boolean {
    return this.attempt((now) => { this.engine.submitHeld(id, ops, now); });
  }

  /** Corrects the frame of an object that is held back, and lets it go. */
  restamp(id: ObjectId, frame: FrameStamp): void {
    this.engine.restamp(id, frame, this.clock.now());
    this.tellChanges();
  }

  /** Draws an object after all others that are seen; false where this client may not. */
  bringToFront(id: ObjectId): boolean {
    return this.attempt((now) => { this.engine.bringToFront(id, now); });
  }

  /** Draws an object before all others that are seen; false where this client may not. */
  sendToBack(id: ObjectId): boolean {
    return this.attempt((now) => { this.engine.sendToBack(id, now); });
  }

  /**
   * A key of the drawing order between two others; at its end where one is left out. Throws
   * where nothing is left between.
   */
  orderBetween(before?: Uint8Array, after?: Uint8Array): Uint8Array {
    return this.engine.orderBetween(before, after);
  }

  /** Makes what `gesture` submits one step of undo. */
  beginGesture(): void {
    this.engine.beginGroup(this.clock.now());
  }

  endGesture(): void {
    this.engine.endGroup(this.clock.now());
    this.progress();
  }

  undo(): boolean {
    const undone = this.engine.undo(this.clock.now());
    if (undone) this.tellChanges();
    return undone;
  }

  redo(): boolean {
    const redone = this.engine.redo(this.clock.now());
    if (redone) this.tellChanges();
    return redone;
  }

  /** A snapshot replaced the document. */
  handleLoaded(): void {
    this.learnAuthors();
    this.emit("changed", { kind: "all", objects: this.engine.takeObjects() });
    this.progress();
  }

  /** Own ops were taken back. */
  handleRefused(code: string, text: string): void {
    this.tellChanges();
    // A copy of a later commit may have taken it back already.
    this.emit("refused", { code, text });
  }

  /** The engine took a message of the server. */
  follow(): void {
    this.learnAuthors();
    this.tellChanges();
  }

  private attempt(change: (now: number) => void): boolean {
    try {
      change(this.clock.now());
    } catch {
      return false;
    }
    this.tellChanges();
    return true;
  }

  private learnAuthors(): void {
    for (const { author, name, identity } of this.engine.takeAuthors()) {
      this.authors.set(author, name);
      this.identities.set(author, identity);
    }
  }

  private tellChanges(): void {
    const objects = this.engine.takeChanges();
    if (objects.length > 0) this.emit("changed", { kind: "some", objects });
    this.progress();
  }

  private progress(): void {
    this.flush();
    this.emit("progress", this);
  }
}
