//! Sockets for every service that needs them.
//!
//! [`Socket`] receives many datagrams with one call ([`ReceiveBuffer`]) and sends runs of
//! equal-sized datagrams with one call ([`SendBatch`]; generic segmentation offload if the kernel
//! has it). [`RawSocket`] does the same without a runtime. [`handoff`] replaces both between two
//! loops of one process, for the addresses in [`Relayed`]. [`front`] is one TCP port for the page
//! and the relay, plain and over TLS; [`framing`] finds the relay's messages on it.

mod batch;
mod driver;
mod errors;
pub mod framing;
pub mod front;
pub mod handoff;
mod raw;
mod receive;
mod relayed;
mod socket;

pub use batch::{SEGMENTS_MAX, SendBatch};
pub use driver::Sent;
pub use errors::PathError;
pub use raw::{BUFFER_BYTES, Options, RawSocket};
pub use receive::{Datagram, ReceiveBuffer};
pub use relayed::Relayed;
pub use socket::Socket;
