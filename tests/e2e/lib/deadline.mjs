import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Work of one thread, of which each step needs the one before. */
const WORK_STEPS = 90_000_000;
/**
 * Threads that do it at once: as many as the machine has processors on which the
 * limits below were chosen.
 */
const THREADS = 2;
/** What they take there, ms. */
const WORK_MS = 100;
/**
 * Tries, of which the quickest counts: others that have the processors for a moment
 * are not the machine's speed.
 */
const TRIES = 3;
/** A machine slower than this would take hours for all tests. */
const SLOWNESS_MAX = 20;

/**
 * How much slower this machine is, 1..=20: each limit of time in these tests is multiplied by
 * it. Limits are for what never comes; what the tests wait for are events. Threads that work at
 * once also feel a processor that is missing, or that somebody else keeps busy: alone, a thread
 * would go to the other one.
 */
export const SLOWNESS = Math.min(Math.max(1, (await measureWork()) / WORK_MS), SLOWNESS_MAX);

/** Time within which something that a test waits for has to happen, ms. */
export const PATIENCE_MS = 60_000 * SLOWNESS;
/**
 * Time for making a clip and starting a server, ms: a 4K clip takes up to three seconds of
 * encoding for each of its seconds.
 */
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

/** Time in which all threads are done with their work, ms. */
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
  // Given, so that it is not left out.
  return state;
}
