//! Every bound of the forwarding unit, with its reason.

use std::time::Duration;

/// Transports of one [`crate::Sfu`]: at 50 KiB each, 200 MiB.
pub const TRANSPORTS_MAX: usize = 4096;
/// Publications of one session: camera, microphone, screen with sound, programme with sound, and
/// two to spare.
pub const SESSION_PUBLICATIONS_MAX: usize = 8;
/// Publications of one room.
pub const ROOM_PUBLICATIONS_MAX: usize = 128;
/// Media lines of one transport, including stopped ones. Each line names one codec, so an answer to
/// this many stays within the wire's limit for SDP.
pub const LINES_MAX: usize = 60;
/// Flows of one transport: eight addresses of a browser (old ones after a change of network
/// included) with eight announced ones each. A client that uses more is recognised again by its
/// next check.
pub const FLOWS_MAX: usize = 64;
/// Candidates one client may trickle to one transport.
pub const CANDIDATES_MAX: usize = 64;
/// Bytes waiting for one session's `ops` channel: two seconds of a busy room.
pub const OPS_QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes waiting for one session's `ops` channel at which the owner learns that the session falls
/// behind: a quarter of a second on a line of 8 Mbit/s, as for a WebSocket.
pub const OPS_QUEUE_HIGH_BYTES: usize = 256 * 1024;
/// Bytes at which the owner learns that the channel is stuck: a second of the same line.
pub const OPS_QUEUE_FULL_BYTES: usize = 1024 * 1024;
/// Bytes at which the owner learns that the channel keeps up again.
pub const OPS_QUEUE_LOW_BYTES: usize = 32 * 1024;
/// Bytes waiting for one session's `live` channel. Older data is useless there.
pub const LIVE_QUEUE_BYTES_MAX: usize = 64 * 1024;
/// Bytes given to SCTP ahead of acknowledgement, over both channels. SCTP's cost grows with the
/// bytes in flight.
pub const CHANNEL_IN_FLIGHT_BYTES: usize = 32 * 1024;
/// Bytes that SCTP may hold: one frame of the largest size beyond the bytes in flight.
pub const CHANNEL_BUFFER_BYTES: usize =
    CHANNEL_IN_FLIGHT_BYTES + fmz_proto::limits::SERVER_FRAME_BYTES_MAX;
/// Packets that a publication keeps for its subscribers: 0.8 s at 25 Mbit/s. A subscriber further
/// behind goes on at the next keyframe.
pub const PUBLICATION_PACKETS_MAX: usize = 2048;
/// Packets that are searched for the rest of a keyframe whose start came late: one 4K keyframe.
pub const KEYFRAME_PACKETS_MAX: usize = 512;
/// Packets of one subscriber's stream that are kept for retransmission: several round trips of 200
/// ms.
pub const RETRANSMISSION_PACKETS_MAX: usize = 2048;
/// Age of the oldest packet kept for retransmission.
pub const RETRANSMISSION_AGE_MAX: Duration = Duration::from_secs(1);
/// Packets released to one transport at once; a Firefox socket holds 170.
pub const BURST_PACKETS_MAX: usize = 16;
/// Least rate at which a transport's packets are released, bits a second.
pub const PACING_BPS_MIN: u64 = 30_000_000;
/// Longest time for which pacing may hold a packet back. If a packet would wait longer, the rate
/// rises.
pub const PACING_DELAY_MAX: Duration = Duration::from_millis(100);
/// Least time between two keyframe requests to one publisher.
pub const KEYFRAME_INTERVAL_MIN: Duration = Duration::from_millis(500);
/// Time without any datagram after which a transport is closed.
pub const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Time after which a transport that is not connected is closed. DTLS would give up by itself only
/// after some 31 s, with jitter, and report a fault.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
/// Time without an answer after which an offer's transport is closed.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);
/// Messages waiting for the room's owner. Beyond this, data from a client is dropped and its
/// transport closed.
pub const EVENTS_MAX: usize = 65_536;
/// Sources (SSRC) of one transport that are remembered.
pub const SOURCES_MAX: usize = 64;
