//! Events of a transport.

use super::track::Subscription;
use bytes::Bytes;
use fmz_participant::Channel;

/// An event of a transport.
#[derive(Debug)]
pub(crate) enum TransportEvent {
    Candidate(String),
    Connected,
    Failed,
    Channel { channel: Channel, open: bool },
    Frame { channel: Channel, frame: Bytes },
    Subscribed(Subscription),
}
