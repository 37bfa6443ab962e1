//! Deterministic simulation. Room, document, replicas, lines, disk, people and trouble run on one
//! thread and come from one seed. The same seed gives the same run, to the bit.
//!
//! Real are [`fmz_signaling_core::Room`], [`fmz_participant::Participant`] with its document, and
//! every frame on its way. Models, each kept close to the product, are: the server's shell
//! (`world/shell.rs`), the data channels (`world/line.rs`), the log on a disk that forgets unsynced
//! bytes (`disk`), and the shell around a participant (`page/session.rs`). People are in
//! `page/hand.rs`, faults in `world/faults.rs`.
//!
//! A judge (`judge`) keeps a log of its own, reads every frame that a page sends and receives, and
//! reports broken promises, see [`Invariant`]. It is tested on bugs planted in the models, see
//! [`Plant`]: a bug that it does not find is a hole in the judge.
//!
//! Not covered here: checksums of files and the chain over a log (the store's own tests use real
//! files), several servers that own one room (the simulation has one server), and the page's
//! TypeScript (the tests in `web/sdk`).

mod agenda;
mod disk;
mod event;
mod film;
mod judge;
mod net;
mod page;
mod plan;
mod plant;
mod random;
mod trace;
mod world;

pub use judge::{Counts, Finding, Invariant, OP_KINDS};
pub use plant::Plant;

use std::{collections::BTreeMap, panic::catch_unwind};
use world::World;

/// Result of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The first broken promise, if any.
    pub finding: Option<Finding>,
    /// Hash over every step.
    pub trace: u64,
    /// Steps taken.
    pub steps: u64,
    /// Time that passed in the run, milliseconds.
    pub simulated_ms: u64,
    /// Figures of the run.
    pub counts: Counts,
    /// Ops in the log, by kind, see [`OP_KINDS`].
    pub kinds: BTreeMap<&'static str, u64>,
}

/// Runs one seed, with or without a planted bug. `loud` prints every step to standard output.
pub fn run(seed: u64, plant: Option<Plant>, loud: bool) -> Outcome {
    catch_unwind(|| World::new(seed, plant, loud).run()).unwrap_or_else(|_| Outcome {
        finding: Some(Finding {
            invariant: Invariant::NoPanic,
            at_ms: 0,
            text: "the run panicked".into(),
        }),
        trace: 0,
        steps: 0,
        simulated_ms: 0,
        counts: Counts::default(),
        kinds: BTreeMap::new(),
    })
}
