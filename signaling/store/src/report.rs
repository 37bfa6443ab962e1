//! Losses and other findings in what is stored.

use std::fmt;

/// Losses that are kept one by one; further ones are counted.
pub const LOSSES_MAX: usize = 1000;

/// Something that was durable and is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A segment of the log is missing, or nothing in it can be read.
    Segment(u32),
    /// Bytes of a segment hold no record that was written there.
    Bytes {
        /// Number of the segment.
        segment: u32,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        bytes: u64,
    },
    /// Revisions of a video that no record holds.
    Revisions {
        /// The video.
        video: String,
        /// First lost revision.
        first: u64,
        /// Last lost revision.
        last: u64,
    },
    /// A snapshot that cannot be read back. The log still holds all that it held.
    Snapshot {
        /// The video.
        video: String,
        /// Revision of the snapshot.
        revision: u64,
    },
    /// The note of the folder's format could not be read, and was written again.
    Format,
}

/// Names no video, for anyone may read this on the health page; the server's log names them.
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

/// All losses that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// The first [`LOSSES_MAX`].
    pub first: Vec<Loss>,
    /// Number of all.
    pub count: u64,
}

impl Losses {
    /// Notes a loss once, and tells the operator.
    pub(crate) fn note(&mut self, loss: Loss) {
        if self.first.contains(&loss) {
            return;
        }
        tracing::error!(?loss, "{loss}");
        self.count += 1;
        if self.first.len() < LOSSES_MAX {
            self.first.push(loss);
        }
    }
}

/// An unfinished write that was cut off the end of the log, and kept beside it. Nothing in it was
/// acknowledged, unless its bytes changed afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Number of the segment.
    pub segment: u32,
    /// Byte at which it was cut.
    pub offset: u64,
    /// Number of bytes that were cut off.
    pub bytes: u64,
}

/// The findings when a folder was opened, and since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The last write, if it was unfinished.
    pub cut: Option<Cut>,
    /// Segments whose index was missing or bad and was made again from the segment.
    pub rebuilt: Vec<u32>,
    /// Everything that is lost.
    pub losses: Losses,
}
