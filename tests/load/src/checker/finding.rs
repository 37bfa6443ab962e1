//! Faults that the checker can find.

use crate::journal::OpKey;
use std::fmt::{Display, Formatter, Result};

/// Source in which a finding was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The log, batch by batch.
    Log,
    /// The snapshot of a fresh reader.
    Snapshot,
}

/// One contradiction between what the writers were told and what the server holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Finding {
    /// An acknowledged op is absent.
    Lost { key: OpKey, source: Source },
    /// An op is there more than once.
    Doubled { key: OpKey, source: Source },
    /// An op is there that no writer made.
    Phantom { key: OpKey, source: Source },
    /// An acknowledged op has another revision than its author was told.
    Moved { key: OpKey, told: u64, found: u64 },
    /// The log holds an op that differs from the one made under this key.
    Changed { key: OpKey },
    /// An author's ops stand in another order than they were made.
    Reordered {
        earlier: OpKey,
        later: OpKey,
        source: Source,
    },
    /// The log does not continue at the revision at which it must.
    Gap { expected: u64, found: u64 },
    /// The number of revisions differs from the number of ops that can be seen.
    Count { accounted: u64, revision: u64 },
    /// Log and snapshot end at different revisions.
    Head { log: u64, snapshot: u64 },
    /// An op stands before another that was acknowledged before it was made.
    BeforeItsCause {
        key: OpKey,
        revision: u64,
        known: u64,
    },
    /// The snapshot remembers an older last batch of an author than the log.
    LastSeq {
        author: u32,
        log: u64,
        snapshot: Option<u64>,
    },
    /// An object's marks cannot be read: foreign points lie among them.
    Unreadable { object: String },
}

impl Display for OpKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(
            out,
            "op {} of batch {} by author {}",
            self.index, self.client_seq, self.author
        )
    }
}

impl Display for Source {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Log => "log",
            Self::Snapshot => "snapshot",
        })
    }
}

impl Display for Finding {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Lost { key, source } => write!(
                out,
                "lost: {key} was acknowledged and is not in the {source}"
            ),
            Self::Doubled { key, source } => {
                write!(out, "doubled: {key} is in the {source} more than once")
            }
            Self::Phantom { key, source } => {
                write!(out, "phantom: {key} is in the {source} and nobody made it")
            }
            Self::Moved { key, told, found } => {
                write!(out, "moved: {key} was told revision {told} and has {found}")
            }
            Self::Changed { key } => write!(out, "changed: {key} is not what its author made"),
            Self::Reordered {
                earlier,
                later,
                source,
            } => {
                write!(
                    out,
                    "reordered: {earlier} stands before {later} in the {source}"
                )
            }
            Self::Gap { expected, found } => {
                write!(out, "gap: revision {expected} should follow, {found} does")
            }
            Self::Count {
                accounted,
                revision,
            } => {
                write!(
                    out,
                    "count: the document is at revision {revision} and {accounted} ops can be seen"
                )
            }
            Self::Head { log, snapshot } => write!(
                out,
                "head: the log ends at {log}, the snapshot at {snapshot}"
            ),
            Self::BeforeItsCause {
                key,
                revision,
                known,
            } => {
                write!(
                    out,
                    "causality: {key} has revision {revision}, made when {known} was known"
                )
            }
            Self::LastSeq {
                author,
                log,
                snapshot,
            } => {
                write!(
                    out,
                    "last batch: author {author} has {log} in the log and {snapshot:?} in the snapshot"
                )
            }
            Self::Unreadable { object } => write!(out, "unreadable: object {object}"),
        }
    }
}
