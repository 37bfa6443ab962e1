import { availableParallelism } from "node:os";

/** What a piece of work takes on the machine that the limits below were chosen on, ms. */
const WORK_MS = 60;
/** Processors of that machine. */
const CORES = 2;
/** A machine slower than this would take hours for all tests. */
const SLOWNESS_MAX = 20;

/**
 * How much slower this machine is: each limit of time in these tests is multiplied by it. Limits are for what never comes;
 * what the tests wait for are events.
 */
export const SLOWNESS = measureSlowness();

/** Time within which something that a test waits for has to happen, ms. */
export const PATIENCE_MS = 60_000 * SLOWNESS;
/** Time for making a clip and starting a server, ms: a 4K clip takes up to three seconds of encoding for each of its seconds. */
export const START_MS = 120_000 * SLOWNESS;
/** Time for reading some seconds of pictures, ms: 4K pictures come slowly to a busy machine. */
export const PICTURES_MS = 240_000 * SLOWNESS;
/** Longest that one call into a page may take, ms: it reads pictures. */
export const CALL_MS_MAX = PICTURES_MS + PATIENCE_MS;

/** Gives what `promise` gives, or fails with what was awaited. */
export async function within(awaited, promise, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${awaited}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The median of some tries: one alone may meet a moment in which others have the processor. */
function measureSlowness() {
  const times = Array.from({ length: 5 }, measureWork).sort((a, b) => a - b);
  const cores = Math.max(1, CORES / availableParallelism());
  return Math.min(Math.max(1, (times[2] / WORK_MS) * cores), SLOWNESS_MAX);
}

function measureWork() {
  const begun = performance.now();
  let state = 1;
  for (let step = 0; step < 20_000_000; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  // Used, so that it is not left out.
  return performance.now() - begun + (state === 0 ? 1 : 0);
}
