/** Bounds of the wire; the reasons stand beside the same names in `proto/src/limits.rs`. */

export const CLIENT_FRAME_BYTES_MAX = 64 * 1024;
export const SERVER_FRAME_BYTES_MAX = 224 * 1024;
export const SERVER_MESSAGE_BYTES_MAX = 1024 * 1024;
export const COMPRESSION_RATIO_MAX = 20;
export const COMPRESS_FROM_BYTES = 64;
export const COPY_FRAME_BYTES_MAX = 1100;
export const LIVE_LIFETIME_MS = 100;
export const APPEND_POINTS_MAX = 1000;
export const STROKE_POINTS_MAX = 36_000;
export const TEXT_BYTES_MAX = 4096;
export const NAME_BYTES_MAX = 64;
export const SESSION_KEY_BYTES = 16;
export const COORDINATE_MAX = 16 * 16_384;
export const WIDTH_MAX = 16_384;

/** Grid units per picture width. */
export const GRID_WIDTH = 16_384;
/** Ops that leave in one batch: what a hand makes in 25 ms, with room. */
export const BATCH_OPS = 20;
/** Time between two batches, ms: the pen's latency and the messages a second are both halved against 50. */
export const BATCH_INTERVAL_MS = 25;
/** Time after which a batch of which copies left goes on the ordered path, ms: round trips of up to 130 have all answers then. */
export const ORDERED_AFTER_MS = 200;
/** Time between two pointers sent, ms: 20 Hz. */
export const PRESENCE_INTERVAL_MS = 50;
/** Silence after which either side holds the other for dead, ms: three pings. */
export const SILENCE_MS_MAX = 15_000;
/** Snapshot bytes held while parts arrive: a million strokes of a dozen points are below it. */
export const SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024;
/** Pointers of others held at once: more would hide the picture. */
export const POINTERS_MAX = 32;
