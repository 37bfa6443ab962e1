import { create, FrameStampSchema, type FrameStamp, type ObjectId, type Op, type SharedDocument } from "@fmz/client";

/** A picture on the screen: of which media, by which publication, which frame. */
export interface ShownFrame {
  readonly media: string;
  readonly publication: string;
  /** Unwrapped RTP timestamp, 90 kHz. */
  readonly rtpTimestamp: number;
  readonly index: number | undefined;
  readonly epoch: number;
  /** False if it may also be the picture before or after. */
  readonly certain: boolean;
}

/**
 * The picture that somebody saw at one moment. If the browser cannot name the picture, those that follow
 * identify it; until then the sight is not settled, and its frame is uncertain.
 */
export class Sight {
  private readonly listeners: ((sight: Sight) => void)[] = [];

  constructor(
    private seen: ShownFrame | undefined,
    private known: boolean,
  ) {}

  get frame(): ShownFrame | undefined {
    return this.seen;
  }

  /** True once its frame does not change any more. */
  get settled(): boolean {
    return this.known;
  }

  /** Returns the frame as an op carries it. */
  get stamp(): FrameStamp {
    if (!this.seen) return create(FrameStampSchema);
    const { media, publication, rtpTimestamp, index, epoch, certain } = this.seen;
    const numbered = index === undefined ? {} : { frameIndex: index };
    return create(FrameStampSchema, { media, publication, rtpTimestamp: BigInt(rtpTimestamp), epoch, uncertain: !certain, ...numbered });
  }

  settle(frame: ShownFrame | undefined): void {
    this.seen = frame;
    this.known = true;
    for (const listener of this.listeners.splice(0)) listener(this);
  }

  /** Calls back when the sight is settled, at once if it is. */
  whenSettled(listener: (sight: Sight) => void): void {
    if (this.known) listener(this);
    else this.listeners.push(listener);
  }
}

/**
 * Submits the ops that create a mark on what was seen. The mark is drawn at once; it leaves when
 * its frame is known. Returns false if the ops are not possible.
 */
export function submitMark(document: SharedDocument, id: ObjectId, sight: Sight, ops: (frame: FrameStamp) => readonly Op[]): boolean {
  if (sight.settled) return document.submit(ops(sight.stamp));
  const done = document.submitHeld(id, ops(sight.stamp));
  if (done) sight.whenSettled(({ stamp }) => { document.restamp(id, stamp); });
  return done;
}
