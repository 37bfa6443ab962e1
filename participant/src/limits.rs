//! Every bound of a participant, with its reason. Bounds of messages are in [`fmz_proto::limits`],
//! those of the document in [`fmz_annotation::limits`].

use std::time::Duration;

/// Ops in one batch: more than a hand makes in [`BATCH_INTERVAL`].
pub const BATCH_OPS: usize = 20;
/// Time between two batches. Compared with 50 ms, it halves the pen's latency for twice as many
/// messages. It is also the time between two copies of a batch, so all three copies have left well
/// before [`ORDERED_AFTER`].
pub const BATCH_INTERVAL: Duration = Duration::from_millis(25);
/// Ops under way at once: over a second and a half of drawing at full rate. Further ops wait until
/// a commit confirms some.
pub const UNDER_WAY_OPS_MAX: usize = 64 * BATCH_OPS;
/// Time after which a copied batch also goes on the ordered path if it has no answer. By then the
/// last copy has its answer if a round trip takes up to 130 ms; on slower paths batches go both
/// ways.
pub const ORDERED_AFTER: Duration = Duration::from_millis(200);
/// Time between two positions of the pointer: 20 a second.
pub const PRESENCE_INTERVAL: Duration = Duration::from_millis(50);
/// Time between two pings until the server names its interval.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Shortest time between two pings, whatever the server names: a ping is a sign of life, not a
/// measurement.
pub const PING_INTERVAL_MIN: Duration = Duration::from_millis(500);
/// Silence after which the server counts as dead: three pings.
pub const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Bytes of a snapshot that are held while its parts arrive: enough for a million strokes of a
/// dozen points. A server cannot make a client hold more.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Frames that wait for the shell: all batches under way, sent on the old path and again on the new
/// one, with room for other messages. The shell takes frames after every verb.
pub const TRANSMITS_MAX: usize = 4 * UNDER_WAY_OPS_MAX;
/// Events that wait for the shell, which takes them after every verb. One verb makes a handful.
pub const EVENTS_MAX: usize = 64;
