//! Versions of the document: their names, what lies between two of them, and the way back.

mod deleted;
mod diff;
mod frames;
mod id;
mod overwritten;
mod record;
mod restores;
mod revert;
mod revert_wire;
mod runs;
mod stroke;
mod table;

pub(crate) use deleted::DeletedRuns;
pub use diff::{Change, Difference, Part, diff};
pub use frames::FrameHistory;
pub(crate) use frames::FrameIndex;
pub use id::{EPOCH_MS, VIDEO_MAX, VersionId, VersionIdError, VersionIds};
pub use overwritten::{COMMITTER, Overwritten, claim, overwritten};
pub use record::Version;
pub use restores::restores;
pub(crate) use revert::ObjectRestore;
pub use revert::{Restores, Revert, Scope};
pub(crate) use table::Versions;
