//! Every bound of the wire, with its reason.

/// Largest frame a client may send, as it arrives, bytes. A 50 ms batch of strokes is below 2 KiB; an SDP answer with
/// 30 lines is below 48 KiB.
pub const CLIENT_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Largest client message after decompression, bytes.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Largest frame a server sends, bytes: below the 256 KiB that Chromium accepts on a data channel.
pub const SERVER_FRAME_BYTES_MAX: usize = 224 * 1024;
/// Largest server message after decompression, bytes.
pub const SERVER_MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// A compressed frame that claims to grow more than this many times is a bomb: protobuf text shrinks 2-6 times.
pub const COMPRESSION_RATIO_MAX: usize = 20;
/// Messages below this many bytes travel as they are: snappy saves at most 7 bytes there, of a datagram with about 100 bytes of
/// headers. From 80 bytes on it saves 20 to 40 % of ops for half a microsecond (`docs/benchmarks.md`).
pub const COMPRESS_FROM_BYTES: usize = 64;
/// Bytes of snapshot in one `Snapshot` message.
pub const SNAPSHOT_PART_BYTES: usize = 128 * 1024;
/// Ops in one batch: a client sends at most 20 in 50 ms; a resend after a long break joins several.
pub const BATCH_OPS_MAX: usize = 256;
/// Points in one stroke append: one second of a 1,000 Hz tablet.
pub const APPEND_POINTS_MAX: usize = 1000;
/// Points in one stroke: ten minutes at 60 Hz.
pub const STROKE_POINTS_MAX: usize = 36_000;
/// Text of one annotation, bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Properties in one create.
pub const PROPERTIES_MAX: usize = 16;
/// Shown name, bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 64;
/// Name of a room: letters, digits, `-` and `_`.
pub const ROOM_BYTES_MAX: usize = 64;
/// Token, bytes.
pub const TOKEN_BYTES_MAX: usize = 4096;
/// Publication id, bytes.
pub const PUBLICATION_BYTES_MAX: usize = 64;
/// SDP, bytes.
pub const SDP_BYTES_MAX: usize = 48 * 1024;
/// ICE candidate line, bytes.
pub const CANDIDATE_BYTES_MAX: usize = 512;
/// Session key, bytes, exactly.
pub const SESSION_KEY_BYTES: usize = 16;
/// Coordinates lie within this many grid units of the picture's corner: sixteen pictures to each side.
pub const COORDINATE_MAX: i32 = 16 * 16_384;
/// Stroke width or text height, grid units: a whole picture.
pub const WIDTH_MAX: u32 = 16_384;
