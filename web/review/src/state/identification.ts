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

/** The picture that a sample shows. */
export interface Verdict {
  /** Its RTP timestamp. */
  readonly rtpTimestamp: number;
  /** False if it may also be another of `among`. */
  readonly certain: boolean;
  /** The picture announced last before the sample, and the one announced first after it. */
  readonly among: readonly Announced[];
  /**
   * True if it was never announced and lies between these two: the time is right if all
   * pictures last equally long.
   */
  readonly between: boolean;
}

/** Samples in a row that are equal. The first of them shows a picture from `least` to `most`. */
interface Run {
  readonly sample: Sample;
  readonly least: number;
  most: number;
  /** Announcements that had come when it was read last. */
  announcements: number;
}

/** One sample that is to be identified. */
export interface Reading {
  readonly run: number;
  /** Announcements that had come before it. */
  readonly announcements: number;
}

/** A picture that was read at the callback that announced it. */
interface Callback {
  readonly run: number;
  readonly presentedFrames: number;
  readonly prompt: boolean;
}

/**
 * Pictures announced while a reading waits, at most: half a second of them at 24 a second.
 * Nearly all readings are known after three; one that is not by then has met a stream that
 * stands, or repeats its pictures.
 */
const ANNOUNCEMENTS_MAX = 12;
/** Later pictures that have to differ before equal samples count as one picture. */
const DIFFERENT_MIN = 2;
/**
 * Callbacks in a row that read different pictures, after which the first read its own:
 * if it came late, all did.
 */
const IN_A_ROW = { afterPrompt: 2, otherwise: 3 };

/**
 * Finds which pictures samples show, if the browser does not say so (docs/SPEC-frames.md, frame13).
 *
 * A video element moves on to its next picture before the page is called back for it, and it never
 * goes back. So a sample shows the picture announced last before it, the one announced first after
 * it, or one between them; and of two samples that differ, the later one shows a later picture.
 * Each announcement narrows down all samples that were taken before.
 */
export class Readings {
  private readonly announced: Announced[];
  private readonly runs: Run[] = [];
  /** Callbacks in a row that read different pictures. */
  private row: Callback[] = [];
  private standing = false;
  private broken = false;

  /** Begins with the picture that was announced last. */
  constructor(last: Announced) {
    this.announced = [last];
  }

  /**
   * Takes the next picture that is announced, and what the element shows in that callback. The
   * callback is prompt if it came so soon that the element has hardly moved on meanwhile.
   */
  handleAnnounced(announced: Announced, sample: Sample, prompt: boolean): void {
    const { presentedFrames } = announced;
    this.announced.push(announced);
    this.narrow(this.runs.length - 1, presentedFrames);
    const { run } = this.handleSample(sample);
    const before = this.row.at(-1);
    if (before?.presentedFrames !== presentedFrames - 1 || before.run === run) this.row = [];
    this.row.push({ run, presentedFrames, prompt });
    const [first] = this.row;
    if (first && this.row.length >= (first.prompt ? IN_A_ROW.afterPrompt : IN_A_ROW.otherwise)) {
      this.narrow(first.run, first.presentedFrames);
      this.row.shift();
    }
  }

  /** Takes a sample of what the element shows now. */
  handleSample(sample: Sample): Reading {
    const announcements = this.announced.length;
    const before = this.runs.at(-1);
    if (before && isSame(before.sample, sample)) {
      before.announcements = announcements;
    } else {
      // While a stream changes its size, an element may show one picture in two sizes.
      if (before && !isOfSameSize(before.sample, sample)) this.broken = true;
      const newest = this.at(announcements - 1).presentedFrames;
      const least = before ? Math.max(newest, this.leastOfNewest(before) + 1) : newest;
      this.runs.push({ sample, least, most: Infinity, announcements });
    }
    return { run: this.runs.length - 1, announcements };
  }

  /**
   * Takes note that no picture was announced for so long that the element still
   * shows the one announced last.
   */
  handleStanding(): void {
    this.standing = true;
    this.narrow(this.runs.length - 1, this.at(this.announced.length - 1).presentedFrames);
  }

  /** Returns the verdict on a reading once it is certain, or once nothing makes it so any more. */
  verdict(reading: Reading): Verdict | undefined {
    const verdict = this.verdictNow(reading);
    const over = this.standing || this.broken || this.announced.length - reading.announcements >= ANNOUNCEMENTS_MAX;
    return verdict.certain || over ? verdict : undefined;
  }

  /** Returns what is most likely now, and whether it is certain. */
  verdictNow({ run, announcements }: Reading): Verdict {
    const [last, next] = [this.at(announcements - 1), this.announced[announcements]];
    const among = next ? [last, next] : [last];
    const { least, most } = this.bounds({ run, announcements });
    const lasts = next !== undefined && this.run(run).announcements > announcements;
    const isNext = lasts && this.differAfter(run, announcements);
    const likely = lasts ? next.presentedFrames : last.presentedFrames;
    const shown = least === most ? least : likely;
    return {
      rtpTimestamp: timeOf(shown, last, next),
      certain: !this.broken && (least === most || isNext),
      among,
      between: shown !== last.presentedFrames && shown !== next?.presentedFrames,
    };
  }

  /**
   * Returns the first and the last picture that a reading may show, as numbers of
   * presented pictures.
   */
  private bounds({ run, announcements }: Reading): { least: number; most: number } {
    const last = this.at(announcements - 1).presentedFrames;
    const least = Math.max(this.run(run).least, last);
    const next = this.announced[announcements]?.presentedFrames ?? (this.standing ? last : Infinity);
    return { least, most: Math.min(next, (this.runs[run + 1]?.most ?? Infinity) - 1) };
  }

  /**
   * Returns true if each picture after the one announced next differs from the one before it. Only
   * then are equal samples one picture: drawn films often hold a picture for two frames.
   */
  private differAfter(run: number, announcements: number): boolean {
    const [next, newest] = [this.at(announcements), this.at(this.announced.length - 1)];
    const pictures = newest.presentedFrames - next.presentedFrames;
    return pictures >= DIFFERENT_MIN && this.runs.length - 1 - run >= pictures;
  }

  /** Takes note that no run up to `index` shows a picture behind `most`. */
  private narrow(index: number, most: number): void {
    for (; index >= 0; index -= 1) {
      const run = this.run(index);
      run.most = Math.min(run.most, most);
      most = run.most - 1;
      // More pictures were seen than there can have been: the element went back, or it
      // changes without a picture.
      if (run.most < run.least) this.broken = true;
    }
  }

  /** Returns the first picture that the newest sample of a run may show. */
  private leastOfNewest({ least, announcements }: Run): number {
    return Math.max(least, this.at(announcements - 1).presentedFrames);
  }

  private at(index: number): Announced {
    const announced = this.announced[index];
    if (!announced) throw new Error(`no picture was announced as number ${index}`);
    return announced;
  }

  private run(index: number): Run {
    const run = this.runs[index];
    if (!run) throw new Error(`no run of samples has the number ${index}`);
    return run;
  }
}

/**
 * Returns the RTP timestamp of a picture from `last` to `next`, if all between them
 * last equally long.
 */
function timeOf(presentedFrames: number, last: Announced, next: Announced | undefined): number {
  if (!next || presentedFrames === last.presentedFrames) return last.rtpTimestamp;
  // The timestamp may wrap between the two.
  const ticks = (next.rtpTimestamp - last.rtpTimestamp) >>> 0;
  const share = (presentedFrames - last.presentedFrames) / (next.presentedFrames - last.presentedFrames);
  return (last.rtpTimestamp + Math.round(ticks * share)) >>> 0;
}

function isOfSameSize(one: Sample, other: Sample): boolean {
  return one.width === other.width && one.height === other.height;
}

function isSame(one: Sample, other: Sample): boolean {
  return isOfSameSize(one, other) && one.pixels.every((pixel, index) => pixel === other.pixels[index]);
}
