//! The things that a shard works with and that outlive it if a fault ends it: the socket, the
//! queues, the counts.

use crate::addresses::AddressBook;
use crate::handoff::Handoff;
use crate::metrics::Metrics;
use fmz_net::Socket;
use fmz_proto::v1::{from_sfu, to_sfu};
use tokio::sync::mpsc;

/// Both ends of the room link.
pub(crate) struct Link {
    pub(crate) to_sfu: mpsc::Receiver<to_sfu::Message>,
    pub(crate) from_sfu: mpsc::Sender<from_sfu::Message>,
}

pub(crate) struct Ports {
    pub(crate) socket: Socket,
    pub(crate) book: AddressBook,
    pub(crate) link: Link,
    pub(crate) handoff: Handoff,
    pub(crate) metrics: Metrics,
    #[cfg(any(test, feature = "fault-injection"))]
    pub(crate) fault: std::sync::Arc<crate::fault::Fault>,
}
