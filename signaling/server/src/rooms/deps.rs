//! The things that all rooms of a server share.

use super::link::Link;
use crate::metrics::Metrics;
use fmz_signaling_core::RoomLimits;
use fmz_store::Stores;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// The things that a room's task needs besides its own room.
pub(crate) struct RoomDeps {
    pub(crate) stores: Stores,
    /// One permit for each older state that is being read. REST takes its own from the same.
    pub(crate) reads: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    /// Bounds of each room.
    pub(crate) limits: RoomLimits,
    /// How long a room without people stays open.
    pub(crate) idle: Duration,
    pub(crate) link: Link,
}
