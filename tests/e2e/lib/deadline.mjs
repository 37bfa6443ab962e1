import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Steps of one thread's work, each of which needs the one before. */
const WORK_STEPS = 90_000_000;
/**
 * Threads that work at once: as many as the machine had processors on which the limits below were
 * chosen.
 */
const THREADS = 2;
/** Time that the work took on that machine, ms. */
const WORK_MS = 100;
/** Tries, of which the quickest counts: other programs may hold the processors for a moment. */
const TRIES = 3;
/** Largest slowness. On a slower machine all tests together would take hours. */
const SLOWNESS_MAX = 20;

/**
 * Slowness of this machine, 1..=20. Each time limit in these tests is multiplied by it. Tests wait
 * for events; limits are for events that never come. The threads work at once so that a missing or
 * busy processor shows: a single thread would simply use another.
 */
export const SLOWNESS = Math.min(Math.max(1, (await measureWork()) / WORK_MS), SLOWNESS_MAX);

/** Time within which an awaited event must happen, ms. */
export const PATIENCE_MS = 60_000 * SLOWNESS;
/**
 * Time for making a clip and starting a server, ms. Encoding a 4K clip takes up to three times its
 * length.
 */
export const START_MS = 120_000 * SLOWNESS;
/** Time for reading some seconds of pictures, ms: a busy machine shows 4K pictures slowly. */
export const PICTURES_MS = 240_000 * SLOWNESS;
/** Longest time of one call into a page, ms: such a call reads pictures. */
export const CALL_MS_MAX = PICTURES_MS + PATIENCE_MS;

/** Returns the result of `promise`, or fails and names what was awaited. */
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

/** Returns the time in which all threads finish their work, ms. */
async function measureWork() {
  const code = `${work}; const { parentPort } = require("node:worker_threads");
    parentPort.on("message", (steps) => parentPort.postMessage(work(steps)));`;
  const threads = Array.from({ length: THREADS }, () => new Worker(code, { eval: true }));
  const times = [];
  for (let tried = 0; tried < TRIES; tried += 1) {
    const begun = performance.now();
    const done = threads.map((thread) => once(thread, "message"));
    threads.forEach((thread) => thread.postMessage(WORK_STEPS));
    await Promise.all(done);
    times.push(performance.now() - begun);
  }
  await Promise.all(threads.map((thread) => thread.terminate()));
  return Math.min(...times);
}

function work(steps) {
  let state = 1;
  for (let step = 0; step < steps; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  // The state is returned so that the optimiser does not remove the work.
  return state;
}
