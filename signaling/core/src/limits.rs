//! Every bound of a room, with its reason.

use std::time::Duration;

/// Silence after which a session counts as dead: three pings.
pub const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How often the server pings, by the WebSocket's own ping.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);
/// Time between two sends of committed ops: about one picture of a 60 Hz screen.
pub const TICK: Duration = Duration::from_millis(16);
/// Batches in a tick from which on the room collects those of the next tick and writes them
/// together. Fewer batches are rarely in the way of each other.
pub const GATHER_FROM_BATCHES: usize = 4;
/// Share of a core that sending to all may take before the tick becomes wider, up to
/// [`TICK_SPARING`]: one part in so many.
pub const SENDING_SHARE: u32 = 25;
/// Longest time between two sends of committed ops only to spare the processor.
pub const TICK_SPARING: Duration = Duration::from_millis(20);
/// Longest time between two sends of committed ops, if sending to all takes long.
pub const TICK_MAX: Duration = Duration::from_millis(50);
/// Bytes a second that one core frames, encrypts and sends to many: if there is more to send, the
/// tick becomes wider.
pub const FAN_OUT_BYTES_PER_S: u64 = 96_000_000;
/// The cost of one send besides its bytes, as bytes: about a datagram.
pub const SEND_BYTES: usize = 1000;
/// Time between two sends of committed ops to a session that does not keep up: one still sees
/// others draw.
pub const WIDE_TICK: Duration = Duration::from_millis(250);
/// Time between two sends of committed ops on the ordered path to sessions that have them as copies
/// already: the fewer messages wait to be sent again after a loss, the fewer hold up the copies
/// behind them (SCTP's window is one for all channels).
pub const COVERED_TICK: Duration = Duration::from_millis(100);
/// Bytes waiting for a session from which on it gets the wide tick and no pointers: a quarter of a
/// second of a line of 8 Mbit/s.
pub const PRESSURE_HIGH_BYTES: usize = 256 * 1024;
/// Bytes waiting for a session from which on it gets no commits until they are gone: a second of
/// the same line.
pub const PRESSURE_FULL_BYTES: usize = 1024 * 1024;
/// Bytes waiting for a session below which it keeps up again.
pub const PRESSURE_LOW_BYTES: usize = 32 * 1024;
/// Time that a consumer to which no commits are sent has to take what waits, before it is closed.
pub const HELD_MAX: Duration = Duration::from_secs(20);
/// Time between two copies of a commit that no other follows: another loss is then independent of
/// the first.
pub const COPY_INTERVAL: Duration = Duration::from_millis(25);
/// Copies of one participant that came ahead of a missing batch and wait for it: a
/// second and a half of drawing.
pub const EARLY_BATCHES_MAX: usize = 64;
/// Refusals of one participant that are repeated when its channel is lost.
pub const REFUSED_MAX: usize = 64;
/// Time between two sends of one participant's pointer: 20 Hz looks smooth when interpolated.
pub const PRESENCE_INTERVAL: Duration = Duration::from_millis(50);
/// Pointers that are shown at once: more cannot be told apart, and the cost grows with their
/// number times the viewers.
pub const POINTERS_MAX: usize = 32;
/// Rest after which a pointer gives its place to another.
pub const POINTER_IDLE: Duration = Duration::from_secs(5);
/// Ops in one append: bounds the time for which a room waits on the log.
pub const APPEND_OPS_MAX: usize = 4096;
/// Ops of one participant that wait for their turn: as many as a client keeps while it is offline.
pub const INBOX_OPS_MAX: usize = 20_000;
/// Batches of one participant that wait for their turn, resent ones included.
pub const INBOX_BATCHES_MAX: usize = 4096;
/// Bytes of one `Committed`, before framing: room for one more batch of a client below the frame's
/// limit.
pub const COMMITTED_BYTES_MAX: usize = 128 * 1024;
/// Bytes of sent commits that are kept for sessions that come back: minutes of a busy room.
pub const RECENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes that are sent at once on a data channel to catch up; more goes over the WebSocket.
pub const CHANNEL_CATCH_UP_BYTES_MAX: usize = 256 * 1024;
/// Time between two snapshots for one session: one costs a walk over the whole document.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two new transports of one session: one costs a handshake.
pub const RESTART_INTERVAL: Duration = Duration::from_millis(500);
/// Publications of one participant: camera, microphone, two screens with sound, and
/// room to change over.
pub const PUBLICATIONS_MAX: usize = 8;
/// Pictures that a participant publishes a second, on average: each may be a new media, which the
/// document keeps for ever.
pub const PUBLISH_PER_S: u32 = 1;
/// Pictures that a participant publishes at once: two each time that a line which breaks again and
/// again comes back.
pub const PUBLISH_BURST: u32 = 16;
/// Frame maps kept of a publication: the one shown and the one that is coming.
pub const FRAME_MAPS_MAX: usize = 2;
/// Frames with errors after which a session is closed: a client with a bug, not a flipped bit.
pub const STRIKES_MAX: u32 = 8;
/// Commands on their way at once: people's clicks; each [`crate::Restore`] among them
/// holds a document while it waits.
pub const COMMANDS_MAX: usize = 8;
/// Bytes of one `Revert`: a record of the log holds no more, with what is around it.
pub const REVERT_BYTES_MAX: usize = 960 * 1024;
/// Colours in the palette of authors.
pub const PALETTE: u32 = 8;

/// The limits that an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomLimits {
    /// Sessions in a room at once.
    pub participants_max: usize,
    /// Ops of one participant a second, on average. A pen with 20 ops each 50 ms needs 400.
    pub ops_per_s: u32,
    /// Ops of one participant at once: all that was drawn while a connection was gone.
    pub ops_burst: u32,
    /// Ops of a room a second, on average: a hundred pens at full rate.
    pub room_ops_per_s: u32,
    /// Ops of a room at once: many participants who come back with what they drew.
    pub room_ops_burst: u32,
    /// Messages of one participant a second, on average: 60 batches, 60 pointers
    /// and the rest, twice.
    pub messages_per_s: u32,
    /// Messages of one participant at once.
    pub messages_burst: u32,
    /// Time without changes after which the room makes a version by itself; zero for never.
    pub auto_commit: Duration,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            participants_max: 500,
            ops_per_s: 1000,
            ops_burst: 4000,
            room_ops_per_s: 40_000,
            room_ops_burst: 80_000,
            messages_per_s: 300,
            messages_burst: 3000,
            auto_commit: Duration::from_secs(120),
        }
    }
}
/// Revisions from one state hash to the next: a copy that went wrong is found within a few seconds
/// of drawing, for a thirtieth of a byte an op.
pub const STATE_HASH_REVISIONS: u64 = 256;
