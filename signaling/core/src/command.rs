//! Commands: what a person or program asks of a room without a session. They keep versions, restore
//! older states, and look at versions and at the history of frames.

use bytes::Bytes;
use fmz_annotation::version::{FrameHistory, Overwritten, Version, VersionId};
use fmz_proto::v1::{Grants, Op};
use std::ops::RangeInclusive;

/// The person or program that gives a command, by a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Subject of the token.
    pub subject: String,
    /// Name that others see.
    pub name: String,
    /// What the token allows.
    pub grants: Grants,
    /// The key of the page that asks, as in [`crate::Join`]. It proves which author the asker is,
    /// for many people may share a subject.
    pub session_key: Option<Bytes>,
}

/// One command. Each kind has its own [`Outcome`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Keep the state under a name. Answered by [`Outcome::Commit`].
    Commit(Commit),
    /// Restore an older state by new ops. Answered by [`Outcome::Restore`].
    Restore(Restore),
    /// Look at what is durable.
    Question(Question),
}

impl Command {
    /// Returns the answer that refuses this command.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Outcome {
        match self {
            Self::Commit(_) => Outcome::Commit(Err(refusal)),
            Self::Restore(_) => Outcome::Restore(Err(refusal)),
            Self::Question(question) => question.refuse(refusal),
        }
    }
}

/// A command that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The newest versions. Answered by [`Outcome::Versions`].
    Versions {
        /// Only versions that are older than this one.
        before: Option<VersionId>,
        /// How many at most.
        limit: usize,
    },
    /// One version. Answered by [`Outcome::Version`].
    Version(VersionId),
    /// The history of some frames. Answered by [`Outcome::Frames`].
    Frames {
        /// Media whose frames they are.
        media: String,
        /// Which frames.
        range: RangeInclusive<u32>,
        /// How many at most.
        limit: usize,
    },
}

impl Question {
    /// Returns the answer that refuses this question.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Outcome {
        match self {
            Self::Versions { .. } => Outcome::Versions(Err(refusal)),
            Self::Version(_) => Outcome::Version(Err(refusal)),
            Self::Frames { .. } => Outcome::Frames(Err(refusal)),
        }
    }
}

/// A version to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Name for people.
    pub name: String,
    /// What was changed, for people.
    pub message: String,
    /// The version that the work began on; if absent, the newest.
    pub base: Option<VersionId>,
    /// Changes to be committed with the version, as made on `base`. The author
    /// [`fmz_annotation::version::COMMITTER`] stands for the asker. New objects of that author are
    /// numbered from 1, and get the next free numbers.
    pub ops: Vec<Op>,
}

/// An older state to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Which state.
    pub target: Target,
    /// Whose changes since then are taken back.
    pub whose: Whose,
    /// On which frames, a media and its frame numbers; if absent, on all frames.
    pub frames: Option<(String, RangeInclusive<u32>)>,
}

/// A state of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// That of a version.
    Version(VersionId),
    /// That after a revision.
    Revision(u64),
    /// That at a time, milliseconds since 1970.
    Time(u64),
}

/// Whose changes are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of all authors.
    All,
    /// Those of the page that asks.
    Mine,
    /// Those of the author of this number.
    Author(u32),
}

/// Which state is to be read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// That after a revision.
    Revision(u64),
    /// That before the first batch that was committed later than `ms`.
    Time {
        /// Milliseconds since 1970.
        ms: u64,
        /// A revision that is not later; the search begins behind it.
        from: u64,
    },
}

/// What came of a command: one kind of outcome for each kind of command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// To [`Command::Commit`].
    Commit(Result<Committed, Refusal>),
    /// To [`Command::Restore`].
    Restore(Result<Restored, Refusal>),
    /// To [`Question::Versions`]: newest first.
    Versions(Result<Vec<Version>, Refusal>),
    /// To [`Question::Version`].
    Version(Result<Version, Refusal>),
    /// To [`Question::Frames`]: in order of frame.
    Frames(Result<Vec<(u32, FrameHistory)>, Refusal>),
}

impl Outcome {
    /// Returns why the command was refused, if it was.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Commit(answer) => answer.as_ref().err(),
            Self::Restore(answer) => answer.as_ref().err(),
            Self::Versions(answer) => answer.as_ref().err(),
            Self::Version(answer) => answer.as_ref().err(),
            Self::Frames(answer) => answer.as_ref().err(),
        }
    }
}

/// A version that is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The version.
    pub version: Version,
    /// Changes that others made since the base, and that the commit's own changes replaced.
    pub overwritten: Vec<Overwritten>,
}

/// An older state that is restored, and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Revision of the op that restored it; the head's revision if nothing differed.
    pub revision: u64,
    /// Revision of the state.
    pub target: u64,
    /// How many objects were changed.
    pub objects: usize,
}

/// Says why a command was refused. Nothing of it was done.
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
