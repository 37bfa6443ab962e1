import type { OpBatch } from "../gen/fmz/v1/annotation_pb";
import type { OpCopies } from "../gen/fmz/v1/session_pb";
import type { Clock } from "./clock";
import { BATCH_INTERVAL_MS, BATCH_OPS } from "./limits";
import type { Replica } from "./replica";

/** Ops under way at once: over a second and a half of drawing at full rate. Beyond it ops wait for a commit. */
export const UNDER_WAY_OPS_MAX = 64 * BATCH_OPS;

/** Where batches go. */
export type SendBatch = (batch: OpBatch) => void;
/** Where copies of them go, beside their path. */
export type SendCopies = (copies: OpCopies) => void;

/**
 * Sends a replica's ops: the first at once, then a batch every 25 ms. At each change of path it sends what has no
 * answer again, once and in order. Where there is a path for copies, what has no answer goes there too, a few times
 * 25 ms apart: a loss on the ordered path is then not waited for.
 */
export class Outbox {
  private path: SendBatch | undefined;
  private copyPath: SendCopies | undefined;
  private waiting = false;
  /** Last own batch that the log is known to hold. */
  private held = 0n;

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
    for (const batch of this.replica.unacked()) if (batch.clientSeq > this.held) path(batch);
    this.flush();
  }

  /** Takes a path for copies, or none. */
  setCopyPath(path: SendCopies | undefined): void {
    this.copyPath = path;
  }

  /** Sends what waits, unless something left less than 25 ms ago. */
  flush(): void {
    if (this.waiting) return;
    const sent = this.sendOne();
    if (!this.sendCopies() && !sent) return;
    this.waiting = true;
    this.clock.after(BATCH_INTERVAL_MS, () => {
      this.waiting = false;
      this.flush();
    });
  }

  private sendOne(): boolean {
    const { replica, path } = this;
    if (!path || replica.pendingCount - replica.queuedCount >= UNDER_WAY_OPS_MAX) return false;
    const batch = replica.takeBatch(BATCH_OPS);
    if (batch) path(batch);
    return batch !== undefined;
  }

  private sendCopies(): boolean {
    const copies = this.copyPath && this.replica.takeCopies();
    if (copies) this.copyPath?.(copies);
    return copies !== undefined;
  }
}
