//! What was found wrong with what is stored.

use std::fmt;

/// Losses that are kept one by one; more are counted.
pub const LOSSES_MAX: usize = 1000;

/// Something that was durable and is not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A segment of the log is not there, or nothing in it can be read.
    Segment(u32),
    /// Bytes of a segment hold no record that was written there.
    Bytes {
        /// Number of the segment.
        segment: u32,
        /// Where they begin.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// Revisions of a video that no record holds.
    Revisions {
        /// Whose.
        video: String,
        /// First one.
        first: u64,
        /// Last one.
        last: u64,
    },
    /// A snapshot that cannot be read back; the log still holds what it held.
    Snapshot {
        /// Whose.
        video: String,
        /// At which revision.
        revision: u64,
    },
    /// The note of the folder's format could not be read, and was written again.
    Format,
}

/// Without names of videos, for whoever may ask; they are in the log.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(number) => write!(f, "segment {number} is lost"),
            Self::Bytes {
                segment,
                offset,
                bytes,
            } => write!(
                f,
                "{bytes} bytes of segment {segment} from byte {offset} on are lost"
            ),
            Self::Revisions { first, last, .. } => {
                write!(f, "revisions {first} to {last} of a video are lost")
            }
            Self::Format => write!(f, "the folder's format was unreadable and written again"),
            Self::Snapshot { revision, .. } => {
                write!(
                    f,
                    "a snapshot at revision {revision} was unreadable and put aside"
                )
            }
        }
    }
}

/// An unfinished write that was cut off the end of the log, and kept beside it. Nothing in it was
/// acknowledged, unless its bytes changed afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Number of the segment.
    pub segment: u32,
    /// Where it was cut.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// What opening a folder found, and what was found since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The last write was unfinished.
    pub cut: Option<Cut>,
    /// Segments whose index was missing or bad and was made again from the segment.
    pub rebuilt: Vec<u32>,
    /// What is lost, the first [`LOSSES_MAX`].
    pub losses: Vec<Loss>,
    /// All losses.
    pub losses_count: u64,
}

impl OpenReport {
    /// Notes a loss once, and tells the operator.
    pub(crate) fn lost(&mut self, loss: Loss) {
        if self.losses.contains(&loss) {
            return;
        }
        tracing::error!(?loss, "{loss}");
        self.losses_count += 1;
        if self.losses.len() < LOSSES_MAX {
            self.losses.push(loss);
        }
    }
}
