/**
 * Bounds of the wire that the page itself keeps; the reasons stand beside the same names
 * in `proto/src/limits.rs`.
 */

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
/**
 * Time in which a WebSocket has to open, ms: as long as the engine waits for a
 * server that is silent.
 */
export const OPEN_MS_MAX = 15_000;
/** Pointers of others held at once: more would hide the picture. */
export const POINTERS_MAX = 32;
