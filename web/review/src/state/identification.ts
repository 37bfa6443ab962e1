/** A picture as the browser announced it to the page. */
export interface Announced {
  /** RTP timestamp, 90 kHz, 32 bits. */
  readonly rtpTimestamp: number;
  /** Pictures of the stream up to this one; it jumps over those that were never announced. */
  readonly presentedFrames: number;
}

/** Pixels of a picture, few enough to be compared. */
export interface Sample {
  /** Size of the picture, pixels. */
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** A picture that was read at the callback that announced it. */
export interface Reading {
  readonly announced: Announced;
  readonly sample: Sample;
  /** True if the callback came so soon that the element has hardly moved on before it was read. */
  readonly prompt: boolean;
}

/** The picture that a sample shows. */
export interface Verdict {
  /** Its RTP timestamp. */
  readonly rtpTimestamp: number;
  /** False if it may also be another of `among`. */
  readonly certain: boolean;
  /** RTP timestamps of the pictures that it may be. */
  readonly among: readonly number[];
}

/**
 * Finds which picture a sample shows, if the browser does not say so (docs/SPEC-frames.md, frame13).
 *
 * A video element moves on to its next picture before the page is called back for it, so what was
 * just read shows the picture announced last or the next one. Readings at the next callbacks
 * decide. They can do so only where pictures that follow each other differ.
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
    // A reading that came late shows what the next one shows. If a picture was left out between
    // the two, their difference proves nothing.
    const inTime = follows(before.announced, reading.announced) && differs(before.sample, reading.sample);
    if (!inTime) return this.giveUp();
    // After a hitch both may have come late, so a third one has to differ too.
    const enough = this.later[0]?.prompt ? 2 : 3;
    return this.later.length >= enough ? this.end() : undefined;
  }

  /** Gives the verdict; without another reading, the element has not moved on since the newest one. */
  end(): Verdict {
    const [next] = this.later;
    if (!next) return this.verdict(this.last, true);
    if (isSame(this.read, next.sample)) return this.verdict(next.announced, true);
    return this.verdict(this.last, differs(this.read, next.sample) && follows(this.last, next.announced));
  }

  /** Gives the verdict that is most likely, and says that it is not certain. */
  giveUp(): Verdict {
    return { ...this.end(), certain: false };
  }

  private verdict({ rtpTimestamp }: Announced, certain: boolean): Verdict {
    const among = [this.last, ...this.later.map(({ announced }) => announced)].map((one) => one.rtpTimestamp);
    return { rtpTimestamp, certain, among };
  }
}

/** True if no picture lies between the two. */
function follows(one: Announced, other: Announced): boolean {
  return other.presentedFrames === one.presentedFrames + 1;
}

/** True if two samples of one size show two pictures. Samples of two sizes show nothing. */
function differs(one: Sample, other: Sample): boolean {
  return one.width === other.width && one.height === other.height && !isSame(one, other);
}

function isSame(one: Sample, other: Sample): boolean {
  if (one.width !== other.width || one.height !== other.height) return false;
  return one.pixels.every((pixel, index) => pixel === other.pixels[index]);
}
