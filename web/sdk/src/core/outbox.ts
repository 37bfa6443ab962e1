import type { OpBatch } from "../gen/fmz/v1/annotation_pb";
import type { OpCopies } from "../gen/fmz/v1/session_pb";
import type { Clock } from "./clock";
import { BATCH_INTERVAL_MS, BATCH_OPS, ORDERED_AFTER_MS } from "./limits";
import type { Replica } from "./replica";

/** Ops under way at once: over a second and a half of drawing at full rate. Beyond it ops wait for a commit. */
export const UNDER_WAY_OPS_MAX = 64 * BATCH_OPS;

/** Above every batch's number. */
const ALL = 1n << 64n;

/** Where batches go. */
export type SendBatch = (batch: OpBatch) => void;
/** Where copies of them go, beside their path. */
export type SendCopies = (copies: OpCopies) => void;

/**
 * Sends a replica's ops: the first at once, then a batch every 25 ms. At each change of path it sends what has no
 * answer again, once and in order. Where there is a path for copies, what has no answer goes there, a few times 25 ms
 * apart, and on the ordered path only after 200 ms: what waits there to be sent again would hold up the copies.
 */
export class Outbox {
  private path: SendBatch | undefined;
  private copyPath: SendCopies | undefined;
  private waiting = false;
  /** Last own batch that the log is known to hold. */
  private held = 0n;
  /** Last own batch that went on the ordered path. */
  private ordered = 0n;

  constructor(
    private readonly replica: Replica,
    private readonly clock: Clock,
  ) {}

  /** Takes note of what the log holds: that is not sent again. */
  setHeld(clientSeq: bigint): void {
    this.held = clientSeq;
  }

  /** Takes another path, or none (`undefined`): ops then wait in the replica. */
  setPath(path: SendBatch | undefined): void {
    if (path === this.path) return;
    this.path = path;
    if (!path) return;
    this.ordered = this.held;
    this.sendOrdered(ALL);
    this.flush();
  }

  /** Takes a path for copies, or none. */
  setCopyPath(path: SendCopies | undefined): void {
    this.copyPath = path;
  }

  /** Sends what waits, unless something left less than 25 ms ago. */
  flush(): void {
    if (this.waiting) return;
    const taken = this.takeOne();
    const copies = this.sendCopies();
    if (taken !== undefined) this.defer(taken, copies);
    else if (!copies) return;
    this.waiting = true;
    this.clock.after(BATCH_INTERVAL_MS, () => {
      this.waiting = false;
      this.flush();
    });
  }

  /** Takes what waits into a batch; returns its number. */
  private takeOne(): bigint | undefined {
    const { replica, path } = this;
    if (!path || replica.pendingCount - replica.queuedCount >= UNDER_WAY_OPS_MAX) return undefined;
    return replica.takeBatch(BATCH_OPS)?.clientSeq;
  }

  private sendCopies(): OpCopies | undefined {
    const copies = this.copyPath && this.replica.takeCopies();
    if (copies) this.copyPath?.(copies);
    return copies;
  }

  /** Sends a batch on the ordered path: later where copies of it have left, at once where not. */
  private defer(taken: bigint, copies: OpCopies | undefined): void {
    if (copies?.batches.at(-1)?.clientSeq !== taken) this.sendOrdered(taken);
    else this.clock.after(ORDERED_AFTER_MS, () => { this.sendOrdered(taken); });
  }

  /** Sends what did not go on the ordered path and has no answer, up to a number. */
  private sendOrdered(upTo: bigint): void {
    const { path } = this;
    if (!path || upTo <= this.ordered) return;
    for (const batch of this.replica.unacked()) {
      if (batch.clientSeq <= this.ordered || batch.clientSeq > upTo) continue;
      this.ordered = batch.clientSeq;
      path(batch);
    }
  }
}
