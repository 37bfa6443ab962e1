//! Connections: how long things take on them, what gets lost, what waits.

mod lane;
mod link;
mod queue;

pub(crate) use lane::Lane;
pub(crate) use link::{Channels, Link};
pub(crate) use queue::{Pushed, Queue, Waiting};
