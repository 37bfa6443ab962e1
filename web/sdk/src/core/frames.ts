const WRAP = 2 ** 32;

/** A frame of a publication, as its FrameMap gives it. */
export interface FrameNumber {
  readonly index: number;
  readonly epoch: number;
}

/** Carries 32-bit RTP timestamps on beyond their wrap, forwards and backwards; exact up to 2^53. */
export class RtpUnwrapper {
  private last: number | undefined;

  /** Returns the unwrapped timestamp nearest to the one before. The first is taken as it is. */
  unwrap(timestamp: number): number {
    this.last = this.last === undefined ? timestamp : this.last + signedDistance(this.last, timestamp);
    return this.last;
  }
}

/** Returns `to - from` on the 32-bit circle, in `[-2^31, 2^31)`. */
export function signedDistance(from: number, to: number): number {
  const distance = (((to - from) % WRAP) + WRAP) % WRAP;
  return distance >= WRAP / 2 ? distance - WRAP : distance;
}

/** Returns true if both timestamps name the same picture of one publication. */
export function samePicture(left: number, right: number): boolean {
  return signedDistance(left, right) === 0;
}
