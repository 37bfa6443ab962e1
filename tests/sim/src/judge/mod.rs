//! Watches a run and reports the first broken promise. The judge keeps a log of its own, and trusts
//! neither server nor disk.

mod answers;
mod append;
mod claims;
mod commands;
mod finding;
mod finish;
mod history;
mod kinds;
mod media;
mod restores;
mod watch;

pub use finding::{Finding, Invariant};
pub use kinds::OP_KINDS;

use crate::{agenda::Micros, plan::PagePlan};
use claims::Claims;
use commands::Commands;
use fmz_participant::Moment;
use history::History;
use std::{collections::BTreeMap, time::Duration};

#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) now: Micros,
    /// The first broken promise. The run ends there.
    pub(crate) finding: Option<Finding>,
    /// Figures for people.
    pub(crate) counts: Counts,
    /// Ops that became part of the log, by kind.
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    plans: Vec<PagePlan>,
    history: History,
    claims: Claims,
    /// Revision up to which the disk is durable.
    durable: u64,
    /// Revision at which each author was added.
    added: BTreeMap<u32, u64>,
    /// Page of each author.
    authors: BTreeMap<u32, usize>,
    /// Subjects of authors who are in no session.
    outside: BTreeMap<u32, String>,
    commands: Commands,
    /// Revision at which each media was added.
    media: BTreeMap<String, u64>,
    /// Page of each participant.
    participants: BTreeMap<u32, usize>,
    /// Page of each live media.
    live: BTreeMap<String, usize>,
    /// Pause after which the room keeps a version by itself; zero if it never does.
    auto_commit: Duration,
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ops that became durable.
    pub ops: u64,
    /// Batches that the server refused.
    pub refused: u64,
    /// Starts of the server after the first.
    pub crashes: u64,
    /// Connections that were made.
    pub joins: u64,
    /// Snapshots that pages loaded.
    pub snapshots: u64,
    /// Sessions that were closed because their queue was full.
    pub slow: u64,
    /// Appends that failed.
    pub failures: u64,
    /// Frames of copies that pages sent.
    pub copies: u64,
    /// Versions that were asked for.
    pub versions: u64,
    /// Restores.
    pub restores: u64,
    /// Stamps that pages corrected before their marks left.
    pub restamps: u64,
}

impl Judge {
    pub(crate) fn new(plans: Vec<PagePlan>, auto_commit: Duration) -> Self {
        Self {
            now: 0,
            finding: None,
            counts: Counts::default(),
            kinds: BTreeMap::new(),
            plans,
            history: History::default(),
            claims: Claims::default(),
            durable: 0,
            added: BTreeMap::new(),
            authors: BTreeMap::new(),
            outside: BTreeMap::new(),
            commands: Commands::default(),
            media: BTreeMap::new(),
            participants: BTreeMap::new(),
            live: BTreeMap::new(),
            auto_commit,
        }
    }

    /// Returns the present time in the form that a participant takes.
    pub(crate) fn moment(&self) -> Moment {
        Moment::after_beginning(Duration::from_micros(self.now))
    }

    /// Notes that the server's process is gone, and with it all commands that waited.
    pub(crate) fn stopped(&mut self) {
        self.commands.forget();
    }

    fn find(&mut self, invariant: Invariant, text: String) {
        let at_ms = self.now / 1000;
        self.finding.get_or_insert(Finding {
            invariant,
            at_ms,
            text,
        });
    }
}
