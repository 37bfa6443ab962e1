/** Time as the core sees it. A test moves it by hand. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls `fire` once after `delayMs`; the result cancels it. */
  after(delayMs: number, fire: () => void): () => void;
}
