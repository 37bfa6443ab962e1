//! Every bound of the document and of a replica, with its reason. Bounds of single fields are
//! in [`fmz_proto::limits`].

/// Objects in one document, deleted ones included: a year of a busy room, about 60 MB
/// without strokes and text.
pub const OBJECTS_MAX: usize = 200_000;
/// Bytes of points and text in one document: about 28 million points, 130 hours of one pen at
/// 60 Hz. A page must hold the document more than once (state, snapshot being read, drawing)
/// within a browser's memory.
pub const CONTENT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes that a point counts in [`CONTENT_BYTES_MAX`]: two coordinates and the pressure.
pub const POINT_BYTES: usize = 9;
/// Authors in one document. Every page load of a person who may annotate is a new author, so this
/// is a hundred people opening the room daily for two years. An author costs about 100 bytes of
/// snapshot.
pub const AUTHORS_MAX: usize = 65_536;
/// Media in one document. Each camera or screen that is turned on is one, so this is fifty a day
/// for five years; one costs about 60 bytes of snapshot.
pub const MEDIA_MAX: usize = 65_536;
/// Ops of a replica that the server has not confirmed: five minutes of drawing
/// without a connection.
pub const PENDING_OPS_MAX: usize = 20_000;
/// Bytes in one batch that a replica gives out, as protobuf: half of what a client's frame may
/// hold, and more than any single op needs.
pub const BATCH_BYTES_MAX: usize = fmz_proto::limits::CLIENT_MESSAGE_BYTES_MAX / 2;
/// Committed batches that came ahead of one that is missing and wait for it: half a second of a
/// busy room, after which the ordered path has brought it, or a resync.
pub const EARLY_BATCHES_MAX: usize = 256;
/// Bytes of the same, as protobuf.
pub const EARLY_BYTES_MAX: usize = 256 * 1024;
/// Objects of one replica that are held back at once: more presses than a hand makes while one
/// frame is identified.
pub const HELD_MAX: usize = 16;
/// Gestures that can be undone: more than anybody walks back by hand.
pub const UNDO_STEPS_MAX: usize = 1000;
/// Versions in one document: a commit every two minutes of an eight-hour day for a year; one costs
/// about 60 bytes of snapshot and its words.
pub const VERSIONS_MAX: usize = 100_000;
/// Authors that one `Revert` names: those of one person's pages over years.
pub const SCOPE_AUTHORS_MAX: usize = 4096;
/// Name of a version, bytes of UTF-8: a line.
pub const VERSION_NAME_BYTES_MAX: usize = 128;
/// Message of a version, bytes of UTF-8: a few sentences.
pub const VERSION_MESSAGE_BYTES_MAX: usize = 1024;
/// Bytes of the revisions that changed one frame, as runs: at least 4,000 visits. Over it
/// the older half is forgotten.
pub const FRAME_HISTORY_BYTES_MAX: usize = 16 * 1024;
/// Highest revision of a snapshot: the highest integer that JavaScript counts
/// exactly, and far from overflow.
pub const REVISION_MAX: u64 = 1 << 53;
/// Committed text edits that a document keeps, to move edits over them that were made on an older
/// revision: more than a busy room writes while one client's batch is on its way, and half a minute
/// of ten people typing at once.
pub const TEXT_CHANGES_MAX: usize = 1024;
/// Bytes of those: a keystroke is below 100. Pasted pages make older ones go sooner.
pub const TEXT_LOG_BYTES_MAX: usize = 256 * 1024;
/// Bytes that a step counts in [`TEXT_LOG_BYTES_MAX`] besides those that it inserts: its size in
/// memory, the same on every machine.
pub const STEP_BYTES: usize = 24;
