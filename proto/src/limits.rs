//! Every bound of the wire, with its reason.

/// Largest frame a client may send, as it arrives, bytes. A 50 ms batch of strokes is below 2 KiB;
/// an SDP answer with 30 lines is below 48 KiB.
pub const CLIENT_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Largest client message after decompression, bytes.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Largest frame a server sends, bytes: below the 256 KiB that Chromium accepts on a data channel.
pub const SERVER_FRAME_BYTES_MAX: usize = 224 * 1024;
/// Largest server message after decompression, bytes.
pub const SERVER_MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// A compressed frame that claims to grow more than this many times is a bomb: protobuf text
/// shrinks 2 to 6 times.
pub const COMPRESSION_RATIO_MAX: usize = 20;
/// Messages below this many bytes travel uncompressed: snappy saves at most 7 bytes of them, in a
/// datagram with about 100 bytes of headers. From 80 bytes on it saves 20 to 40 % of ops for half a
/// microsecond (`docs/benchmarks.md`).
pub const COMPRESS_FROM_BYTES: usize = 64;
/// Bytes of snapshot in one `Snapshot` message.
pub const SNAPSHOT_PART_BYTES: usize = 128 * 1024;
/// Ops in one batch: many times the 20 that a page puts into one.
pub const BATCH_OPS_MAX: usize = 256;
/// Batches in one message of copies. With the smallest possible ops they then fill a datagram.
pub const COPIES_MAX: usize = 16;
/// Largest frame with copies, bytes: with the headers of SCTP, DTLS, UDP and a relay it fits one
/// datagram on any network.
pub const COPY_FRAME_BYTES_MAX: usize = 1100;
/// Times that a batch is copied: if one datagram in ten is lost, one batch in a thousand misses all
/// three.
pub const COPIES_PER_BATCH: u32 = 3;
/// Time for which SCTP repeats a message on `live`, milliseconds. Without repeating, a lost message
/// fills SCTP's window until the channel `ops` has repaired an earlier loss. After this time the
/// message is given up, because it is out of date.
pub const LIVE_LIFETIME_MS: u16 = 100;
/// Points in one stroke append: one second of a 1,000 Hz tablet.
pub const APPEND_POINTS_MAX: usize = 1000;
/// Points in one stroke: ten minutes at 60 Hz.
pub const STROKE_POINTS_MAX: usize = 36_000;
/// Text of one annotation, bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Identity of the person a pin is assigned to, bytes of UTF-8.
pub const ASSIGNEE_BYTES_MAX: usize = 128;
/// Name of a built-in stamp, bytes of UTF-8.
pub const STAMP_BYTES_MAX: usize = 32;
/// Bytes of a place in the drawing order: each byte halves a gap eight times.
pub const ORDER_BYTES_MAX: usize = 32;
/// Softness of a brush, percent.
pub const SOFTNESS_MAX: u32 = 100;
/// Objects in one op that deletes or brings back: 28 KiB at worst, below half a client's message.
pub const DELETE_OBJECTS_MAX: usize = 2048;
/// Objects that one clear deletes: 112 KiB at worst, half a server's frame. More need another
/// clear.
pub const CLEAR_OBJECTS_MAX: usize = 8192;
/// Longest distance of an object from where it was created, grid units: from one edge of the range
/// to the other.
pub const OFFSET_MAX: i32 = 2 * COORDINATE_MAX;
/// Longest move, grid units: from one end of an offset's range to the other.
pub const ADD_MAX: i32 = 2 * OFFSET_MAX;
/// Steps in one text edit: for a text with n scalar values at most n steps read and n + 1 insert.
pub const TEXT_STEPS_MAX: usize = 2 * TEXT_BYTES_MAX;
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
/// Id of a media: more than a hash of 128 bits in hexadecimal, or a UMID's basic part in base 64.
pub const MEDIA_ID_BYTES_MAX: usize = 64;
/// Name of a media, bytes of UTF-8: the longest name of a file.
pub const MEDIA_NAME_BYTES_MAX: usize = 255;
/// Name of a reel, bytes of UTF-8: twice the length that edit lists allow.
pub const REEL_BYTES_MAX: usize = 64;
/// SDP, bytes.
pub const SDP_BYTES_MAX: usize = 48 * 1024;
/// ICE candidate line, bytes.
pub const CANDIDATE_BYTES_MAX: usize = 512;
/// Session key, bytes, exactly.
pub const SESSION_KEY_BYTES: usize = 16;
/// Coordinates lie within this many grid units of the picture's corner: sixteen pictures to each
/// side.
pub const COORDINATE_MAX: i32 = 16 * 16_384;
/// Stroke width or text height, grid units: a whole picture.
pub const WIDTH_MAX: u32 = 16_384;
