//! Every bound of a participant, with its reason. Bounds of messages are in [`fmz_proto::limits`],
//! those of the document in [`fmz_annotation::limits`].

use std::time::Duration;

/// Ops in one batch: what a hand makes in [`BATCH_INTERVAL`], with room.
pub const BATCH_OPS: usize = 20;
/// Time between two batches. Against 50 ms it halves the pen's latency for twice the messages; it
/// is also the time between two copies of a batch, three of which are on their way before
/// [`ORDERED_AFTER`].
pub const BATCH_INTERVAL: Duration = Duration::from_millis(25);
/// Ops under way at once: over a second and a half of drawing at full rate. If there are so many,
/// ops wait for a commit.
pub const UNDER_WAY_OPS_MAX: usize = 64 * BATCH_OPS;
/// Time after which a batch of which copies left goes on the ordered path. By then the last copy
/// has its answer if a round trip takes up to 130 ms; on slower paths batches go both ways.
pub const ORDERED_AFTER: Duration = Duration::from_millis(200);
/// Time between two pointers that are sent: 20 a second.
pub const PRESENCE_INTERVAL: Duration = Duration::from_millis(50);
/// Time between two pings until the server has said how often it wants them.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Shortest time between two pings, whatever the server says: a ping is a sign of life, not a
/// measurement.
pub const PING_INTERVAL_MIN: Duration = Duration::from_millis(500);
/// Silence after which the server is held for dead: three pings.
pub const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Snapshot bytes that are held while parts arrive: a million strokes of a dozen points are below
/// it. A server cannot make a client hold more.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Frames that wait for the shell: all that is under way, on the path before and on the new one,
/// with room for the rest. The shell takes them after every verb.
pub const TRANSMITS_MAX: usize = 4 * UNDER_WAY_OPS_MAX;
/// Events that wait for the shell, which takes them after every verb: one verb makes a handful.
pub const EVENTS_MAX: usize = 64;
