/** First delay before a new try, ms. */
const FIRST_MS = 250;
/**
 * Longest delay between tries, ms: a restarted server is found again while people
 * still look at the screen.
 */
const LAST_MS = 8_000;

/**
 * Delays between tries: doubled each time, with jitter so that a restarted server is
 * not met by everyone at once.
 */
export class Backoff {
  private tries = 0;

  /** `random` gives numbers in `[0, 1)`. */
  constructor(private readonly random: () => number) {}

  /** Returns the delay before the next try, ms, in the upper half of its range. */
  next(): number {
    const range = Math.min(LAST_MS, FIRST_MS * 2 ** this.tries);
    this.tries = Math.min(this.tries + 1, 16);
    return range / 2 + (range / 2) * this.random();
  }

  reset(): void {
    this.tries = 0;
  }
}
