//! What is asked of a room without a session: versions, the way back, history.

use bytes::Bytes;
use fmz_annotation::version::{FrameHistory, Overwritten, Version, VersionId};
use fmz_proto::v1::{Grants, Op};
use std::ops::RangeInclusive;

/// Who asks: somebody with a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Subject of the token.
    pub subject: String,
    /// Shown name.
    pub name: String,
    /// What the token allows.
    pub grants: Grants,
    /// The key of the page that asks, as in [`crate::Join`]; proves which author it is, for a
    /// subject may be many people's.
    pub session_key: Option<Bytes>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Keep the state under a name.
    Commit(Commit),
    /// Go back to an older state, by new ops.
    Rollback(Rollback),
    /// The newest versions.
    Versions {
        /// Only older ones than this.
        before: Option<VersionId>,
        /// How many at most.
        limit: usize,
    },
    /// One version.
    Version(VersionId),
    /// What happened on some frames.
    Frames {
        /// Media whose frames they are.
        media: String,
        /// Which frames.
        range: RangeInclusive<u32>,
        /// How many at most.
        limit: usize,
    },
}

/// A version to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Name for people.
    pub name: String,
    /// What was done.
    pub message: String,
    /// The version that was worked on; the newest where absent.
    pub base: Option<VersionId>,
    /// Changes to be committed with it, as on `base`. The author
    /// [`fmz_annotation::version::COMMITTER`] stands for the one who commits; its new objects are
    /// numbered from 1 and get the next free numbers.
    pub ops: Vec<Op>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// To which state.
    pub target: Target,
    /// Whose changes.
    pub whose: Whose,
    /// On which frames, all where absent: the media and its frame numbers.
    pub frames: Option<(String, RangeInclusive<u32>)>,
}

/// A state of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A version's.
    Version(VersionId),
    /// That after a revision.
    Revision(u64),
    /// That at a time, milliseconds since 1970.
    Time(u64),
}

/// Whose changes are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those of the page that asks.
    Mine,
    /// Those of one author's number.
    Author(u32),
}

/// Which state is to be read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// That after a revision.
    Revision(u64),
    /// That before the first batch which was committed later than `ms`.
    Time {
        /// Milliseconds since 1970.
        ms: u64,
        /// A revision that is not later: where to begin.
        from: u64,
    },
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The version is durable.
    Committed {
        /// The version.
        version: Version,
        /// What others had changed since the base, and these changes replaced.
        overwritten: Vec<Overwritten>,
    },
    /// The older state is durable.
    RolledBack {
        /// Revision of the way back; the head's where nothing was different.
        revision: u64,
        /// Revision of the state.
        target: u64,
        /// How many objects were changed.
        objects: usize,
    },
    /// Newest first.
    Versions(Vec<Version>),
    /// The version.
    Version(Version),
    /// In order of frame.
    Frames(Vec<(u32, FrameHistory)>),
}

/// Why a command was refused. Nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable; programs may switch on it.
    pub code: &'static str,
    /// The same for people.
    pub text: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}
