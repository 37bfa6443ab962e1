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

/** A picture that was read at the callback that announced it. */
export interface Reading {
  readonly announced: Announced;
  readonly sample: Sample;
  /** True if the callback came so soon that the element has hardly moved on before it was read. */
  readonly prompt: boolean;
}

/**
 * Finds which picture a sample shows, if the browser does not say so (docs/SPEC-frames.md, frame13).
 *
 * A video element moves on to its next picture before the page is called back for it, so what was just read shows the
 * picture announced last or the next one. Readings at the next callbacks decide, for pictures that follow each other differ.
 */
export class Identification {
  private readonly later: Reading[] = [];

  /** Begins with what was read, and with the picture that had been announced last. */
  constructor(
    private readonly read: Sample,
    private readonly last: Announced,
  ) {}

  /** Takes the next picture that is announced. Returns the verdict when it is known. */
  handleReading(reading: Reading): Verdict | undefined {
    const before = this.later.at(-1);
    this.later.push(reading);
    if (!before) return undefined;
    // A reading that came late shows what the next one shows. If a picture was left out between, that does not follow.
    const inTime = follows(before.announced, reading.announced) && !isSame(before.sample, reading.sample);
    if (!inTime) return this.giveUp();
    // After a hitch both may have come late, so a third one has to differ too.
    const first = this.later[0];
    const enough = first?.prompt ? 2 : 3;
    return this.later.length >= enough ? this.end() : undefined;
  }

  /** Gives the verdict; without another reading, the element has not moved on since the newest one. */
  end(): Verdict {
    const [next] = this.later;
    if (!next) return { rtpTimestamp: this.last.rtpTimestamp, certain: true };
    if (isSame(this.read, next.sample)) return { rtpTimestamp: next.announced.rtpTimestamp, certain: true };
    return { rtpTimestamp: this.last.rtpTimestamp, certain: follows(this.last, next.announced) };
  }

  /** Gives the verdict if a reading may have come late. */
  private giveUp(): Verdict {
    // A picture that stands still is the same whatever its number.
    const stands = this.later.every(({ sample }) => isSame(this.read, sample));
    const { rtpTimestamp } = stands ? this.last : this.end();
    return { rtpTimestamp, certain: stands };
  }
}

/** True if no picture lies between the two. */
function follows(one: Announced, other: Announced): boolean {
  return other.presentedFrames === one.presentedFrames + 1;
}

function isSame(one: Sample, other: Sample): boolean {
  return one.length === other.length && one.every((pixel, index) => pixel === other[index]);
}
