//! Sockets, for every service that has some.
//!
//! [`Socket`] receives many datagrams with one call ([`ReceiveBuffer`]) and sends runs of equal-sized datagrams
//! with one call ([`SendBatch`], generic segmentation offload where the kernel has it). It knows nothing of what the
//! datagrams carry, keeps no queue and starts no task.
//!
//! [`front`] is one TCP port for the page and the relay, plain and over TLS.

mod batch;
pub mod front;
mod receive;
mod socket;

pub use batch::{SEGMENTS_MAX, SendBatch};
pub use receive::{Datagram, ReceiveBuffer};
pub use socket::{BUFFER_BYTES, Sent, Socket};
