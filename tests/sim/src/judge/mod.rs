//! Watches everything and says what must not be. It keeps a log of its own, and believes neither server nor disk.

mod claims;
mod finding;
mod finish;
mod history;
mod kinds;
mod watch;

pub use finding::{Finding, Invariant};
pub use kinds::OP_KINDS;

use crate::{agenda::Micros, plan::PagePlan};
use claims::Claims;
use history::History;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) now: Micros,
    /// What went wrong first; the run ends there.
    pub(crate) finding: Option<Finding>,
    /// Figures for people.
    pub(crate) counts: Counts,
    /// Ops that became part of the log, by kind.
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    plans: Vec<PagePlan>,
    history: History,
    claims: Claims,
    /// Revision that the disk holds for good.
    durable: u64,
    /// Revision at which each author was added.
    added: BTreeMap<u32, u64>,
    /// Which page is which author.
    authors: BTreeMap<u32, usize>,
}

/// How much happened.
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
    /// Snapshots that pages took.
    pub snapshots: u64,
    /// Holes that pages asked to be filled.
    pub gaps: u64,
    /// Sessions closed because they did not keep up.
    pub slow: u64,
    /// Appends that failed.
    pub failures: u64,
}

impl Judge {
    pub(crate) fn new(plans: Vec<PagePlan>) -> Self {
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
        }
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
