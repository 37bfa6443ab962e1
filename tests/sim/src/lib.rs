//! Deterministic simulation: the room, the document and the pages' replicas, with
//! lines, a disk, people and trouble made from one seed, on one thread. The same seed
//! gives the same run, to the bit.
//!
//! What is real: [`fmz_signaling_core::Room`], [`fmz_participant::Participant`] with its document,
//! and every frame on its way. What is a model, kept as close to the product as is written beside
//! it: the server's shell (`world/shell.rs`), the data channels (`world/line.rs`), the log on a
//! disk that forgets what was not synced (`disk`), and the shell around a participant
//! (`page/session.rs`). People and trouble are in `page/hand.rs` and `world/faults.rs`.
//!
//! A judge (`judge`) keeps a log of its own, reads every frame that a page sends and gets, and says
//! what must not be, see [`Invariant`]. It is tried on bugs planted in the models, see [`Plant`]:
//! one that it does not find would be a hole in it.
//!
//! Not covered here: checksums of files and the chain over a log (the store's own tests, on the
//! real files), several servers that own one room (there is one), and the page's own language
//! (the tests in `web/sdk`).

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

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The first thing that must not be, if there was one.
    pub finding: Option<Finding>,
    /// Hash over every step.
    pub trace: u64,
    /// Steps taken.
    pub steps: u64,
    /// Time that passed in the run, milliseconds.
    pub simulated_ms: u64,
    /// How much happened.
    pub counts: Counts,
    /// Ops in the log, by kind, see [`OP_KINDS`].
    pub kinds: BTreeMap<&'static str, u64>,
}

/// Runs one seed, with a bug planted or none. `loud` prints every step to standard output.
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
