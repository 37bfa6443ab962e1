//! Connections: delays, losses and queues.

mod lane;
mod link;
mod queue;

pub(crate) use lane::Lane;
pub(crate) use link::{Channels, Link};
pub(crate) use queue::{Pushed, Queue, Waiting};
