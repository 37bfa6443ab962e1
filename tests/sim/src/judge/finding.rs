//! What can be found.

use std::fmt;

/// What must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Whatever anybody is shown of the log is a prefix of the one log.
    Prefix,
    /// What was shown stays, and was on disk for good before.
    Durable,
    /// The log holds what somebody made, as it was made, and nothing that was refused.
    NoPhantom,
    /// What was acknowledged before a batch was sent stands before it.
    RealTime,
    /// A page sees its own changes, never an older document, and loses nothing without being told.
    Session,
    /// No batch is in the log twice.
    ExactlyOnce,
    /// The same revision is the same document everywhere.
    Convergence,
    /// A snapshot and the batches behind it are the whole log.
    SnapshotTail,
    /// Author, identity and rights are as the server was told.
    Authority,
    /// Nothing grows beyond its bound.
    Bounded,
    /// Undo gives what was before, redo what was after.
    Undo,
    /// A version keeps what was there when it was asked for, and stays; every command
    /// has the answer that is true.
    Versions,
    /// A restore leads in its scope to the state that it names, and changes nothing else.
    Restores,
    /// Nothing panics.
    NoPanic,
    /// Once trouble is over everything is acknowledged or refused in time.
    Liveness,
}

/// One thing that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which promise is broken.
    pub invariant: Invariant,
    /// When, milliseconds since the run began.
    pub at_ms: u64,
    /// How, for people.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:?} at {} ms: {}",
            self.invariant, self.at_ms, self.text
        )
    }
}
