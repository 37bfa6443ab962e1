//! Promises, and how a broken one is reported.

use std::fmt;

/// A promise that must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// All that any page is shown of the log is a prefix of the one log.
    Prefix,
    /// A commit that was shown stays, and was durable before.
    Durable,
    /// The log holds only batches that pages made, as they made them, and none that was refused.
    NoPhantom,
    /// A batch that was acknowledged before another was sent stands before it.
    RealTime,
    /// A page sees its own changes, never an older document, and learns of every loss.
    Session,
    /// No batch is in the log twice.
    ExactlyOnce,
    /// The same revision is the same document everywhere.
    Convergence,
    /// A snapshot and the batches behind it are the whole log.
    SnapshotTail,
    /// Author, identity and rights are those that the server was told.
    Authority,
    /// No queue or list grows beyond its bound.
    Bounded,
    /// Undo gives the state before, redo the state after.
    Undo,
    /// A version keeps the state at the time of its request, and stays. Every command gets an
    /// answer that is true.
    Versions,
    /// A restore leads in its scope to the state that it names, and changes nothing else.
    Restores,
    /// Nothing panics.
    NoPanic,
    /// Once trouble is over, every batch is acknowledged or refused in time.
    Liveness,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The promise.
    pub invariant: Invariant,
    /// Time, in milliseconds since the run began.
    pub at_ms: u64,
    /// Description for people.
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
