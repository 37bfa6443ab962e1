import { FrameMapState, type FrameMap } from "../gen/fmz/v1/session_pb";

const WRAP = 2 ** 32;

/** A frame of a publication, as its FrameMap gives it. */
export interface FrameNumber {
  readonly index: number;
  readonly epoch: number;
}

/** Carries 32-bit RTP timestamps on beyond their wrap, forwards and backwards; exact up to 2^53. */
export class RtpUnwrapper {
  private last: number | undefined;

  /** Unwrapped timestamp nearest to the one before. The first is taken as it is. */
  unwrap(timestamp: number): number {
    this.last = this.last === undefined ? timestamp : this.last + signedDistance(this.last, timestamp);
    return this.last;
  }
}

/** `to - from` on the 32-bit circle, in `[-2^31, 2^31)`. */
export function signedDistance(from: number, to: number): number {
  const distance = (((to - from) % WRAP) + WRAP) % WRAP;
  return distance >= WRAP / 2 ? distance - WRAP : distance;
}

/** True where both timestamps name the same picture of one publication. */
export function samePicture(left: number, right: number): boolean {
  return signedDistance(left, right) === 0;
}

/** Frame that a picture shows, by the newest map that had begun at it; `undefined` where that map does not cover it. */
export function frameOf(maps: readonly FrameMap[], rtpTimestamp: number): FrameNumber | undefined {
  const map = maps
    .filter((candidate) => signedDistance(candidate.rtpBase, rtpTimestamp) >= 0)
    .reduce<FrameMap | undefined>((best, next) => (best && best.epoch > next.epoch ? best : next), undefined);
  if (!map) return undefined;
  const index = map.frameBase + framesSince(map, signedDistance(map.rtpBase, rtpTimestamp));
  const inside = index >= 0 && (map.frames === 0 || index < map.frames);
  return inside ? { index, epoch: map.epoch } : undefined;
}

/** Frames that pass in `ticks` of 90 kHz, to the nearest; `NaN` where the numbers leave the exact range. */
function framesSince(map: FrameMap, ticks: number): number {
  if (map.state === FrameMapState.PAUSED) return 0;
  const shared = commonDivisor(Math.abs(map.num * map.speed), map.den * 100);
  const divisor = (90_000 * map.den * 100) / shared;
  const dividend = 2 * ticks * ((map.num * map.speed) / shared) + divisor;
  // Both sides are whole and below 2^53, so that the division floors exactly.
  return Number.isSafeInteger(dividend) ? Math.floor(dividend / (2 * divisor)) : Number.NaN;
}

function commonDivisor(left: number, right: number): number {
  return right === 0 ? Math.max(left, 1) : commonDivisor(right, left % right);
}

/** How frames are labelled: a map says it, and a media. */
export type FrameLabels = Pick<FrameMap, "num" | "den" | "startTimecode" | "dropFrame">;

/** Timecode of a frame, `HH:MM:SS:FF`, with `;` before the frames where the count drops numbers. */
export function timecode(map: FrameLabels, index: number): string {
  const rate = Math.round(map.num / map.den);
  const counted = map.startTimecode + index;
  const frame = map.dropFrame ? counted + droppedNumbers(counted, rate) : counted;
  const seconds = Math.floor(frame / rate);
  const fields = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two);
  return `${fields.join(":")}${map.dropFrame ? ";" : ":"}${two(frame % rate)}`;
}

/** Numbers skipped before a frame (SMPTE ST 12-1): two for each 30 a second at every minute but each tenth. */
function droppedNumbers(frame: number, rate: number): number {
  const skip = Math.round(rate / 15);
  const minute = rate * 60 - skip;
  const tenMinutes = minute * 10 + skip;
  const tens = Math.floor(frame / tenMinutes);
  const rest = frame % tenMinutes;
  const minutes = rest < skip ? 0 : Math.floor((rest - skip) / minute);
  return skip * (9 * tens + minutes);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
