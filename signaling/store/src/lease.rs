//! The right to append to a log.

use std::{fmt, sync::Arc};

/// The number of an opening of a log. Each opening has a higher one than all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to append to a video's log. The log gives it, and it holds until the log is opened
/// again: from then on nothing is appended under the older epoch, whenever it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    video: Arc<str>,
    epoch: Epoch,
}

impl Lease {
    /// Makes a lease. Only a log does so, when it is opened.
    pub fn new(video: Arc<str>, epoch: Epoch) -> Self {
        Self { video, epoch }
    }

    /// Returns the video whose log was opened.
    pub fn video(&self) -> &Arc<str> {
        &self.video
    }

    /// Returns the number of the opening.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}
