//! Versions of the document: their names, what lies between two of them, and the way back.

mod diff;
mod frames;
mod id;
mod record;
mod runs;

pub use diff::{Change, Difference, Part, diff};
pub use frames::FrameHistory;
pub(crate) use frames::FrameIndex;
pub use id::{EPOCH_MS, VIDEO_MAX, VersionId, VersionIdError, VersionIds};
pub use record::Version;
