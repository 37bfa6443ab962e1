/** A picture as the browser announced it to the page. */
export interface Announced {
  /** RTP timestamp, 90 kHz, 32 bits. */
  readonly rtpTimestamp: number;
  /** Pictures of the stream up to this one; it jumps over those that were never announced. */
  readonly presentedFrames: number;
}

/** Pixels of a picture, few enough to be compared. */
export type Sample = Uint32Array;

/** The picture that a sample shows, by its RTP timestamp. */
export interface Verdict {
  readonly rtpTimestamp: number;
  /** False if it may also be the picture before or after. */
  readonly certain: boolean;
}

/**
 * Finds which picture a sample shows, if the browser does not say so (docs/SPEC-frames.md, frame13).
 *
 * A video element moves on to its next picture before the page is called back for it, so what was just read shows the
 * picture announced last or the next one. Later samples decide: one is taken at each of the next two callbacks, and
 * pictures that follow each other differ.
 */
export class Identification {
  private next: { readonly announced: Announced; readonly sample: Sample } | undefined;

  /** Begins with what was read, and with the picture that had been announced last. */
  constructor(
    private readonly read: Sample,
    private readonly last: Announced,
  ) {}

  /** Takes the next announced picture with a sample read at its callback. Returns the verdict when it is known. */
  handleAnnounced(announced: Announced, sample: Sample): Verdict | undefined {
    const { next } = this;
    if (!next) {
      this.next = { announced, sample };
      return undefined;
    }
    // The second sample shows whether the first one was read in time: one that was read late repeats it.
    const inTime = follows(next.announced, announced) && !isSame(next.sample, sample);
    if (inTime) return this.decide(next.announced, next.sample);
    // A picture that stands still is the same whatever its number.
    const stands = isSame(this.read, next.sample) && isSame(next.sample, sample);
    return { ...(stands ? this.lastPicture() : this.decide(next.announced, next.sample)), certain: stands };
  }

  /** Gives the verdict if no other picture was announced for so long that the element can not have moved on. */
  end(): Verdict {
    const { next } = this;
    return next ? this.decide(next.announced, next.sample) : this.lastPicture();
  }

  private decide(next: Announced, sample: Sample): Verdict {
    if (isSame(this.read, sample)) return { rtpTimestamp: next.rtpTimestamp, certain: true };
    return { ...this.lastPicture(), certain: follows(this.last, next) };
  }

  private lastPicture(): Verdict {
    return { rtpTimestamp: this.last.rtpTimestamp, certain: true };
  }
}

/** True if no picture lies between the two. */
function follows(one: Announced, other: Announced): boolean {
  return other.presentedFrames === one.presentedFrames + 1;
}

function isSame(one: Sample, other: Sample): boolean {
  return one.length === other.length && one.every((pixel, index) => pixel === other[index]);
}
