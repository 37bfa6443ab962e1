/** Time within which something that a test waits for has to happen, ms: generous, for two busy cores. */
export const PATIENCE_MS = 30_000;

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
