//! Stages through which the run leads its tasks, and the notes that they send to it.

use super::STALL_MAX;
use anyhow::{Result, ensure};
use fmz_proto::v1::{CommittedBatch, OpBatch};
use std::ops::RangeInclusive;
use tokio::sync::watch;

/// Task of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server is gone, or about to be killed.
    Down,
    /// Connect and write.
    Writing { url: String },
    /// Connect and get the outstanding batches acknowledged.
    Finishing { url: String },
}

/// A message from a task.
#[derive(Debug)]
pub(super) enum Note {
    /// A new batch is about to be sent.
    Submitted { author: u32, batch: OpBatch },
    /// An author saw its batch committed; `steady` once the author writes on the path meant for it.
    Acknowledged {
        author: u32,
        client_seq: u64,
        first_revision: u64,
        ops: u32,
        steady: bool,
    },
    /// An author sent this many unacknowledged ops again.
    SentAgain { ops: u64 },
    /// An author learned from a snapshot that its batch is held.
    Stored { author: u32, client_seq: u64 },
    /// An author has no unacknowledged batch left.
    Finished { author: u32 },
    /// The observer was given this batch of the log.
    Shown(CommittedBatch),
    /// The observer was given a snapshot in place of these revisions.
    Bridged(RangeInclusive<u64>),
    /// A task has closed its connection to a server that is gone.
    Parted,
    /// A task cannot go on.
    Failed(anyhow::Error),
}

/// Waits for a stage in which a server runs, and returns the stage with its address; `None` at the
/// end of the run.
pub(super) async fn up(stages: &mut watch::Receiver<Stage>) -> Option<(Stage, String)> {
    let stage = stages
        .wait_for(|stage| *stage != Stage::Down)
        .await
        .ok()?
        .clone();
    match &stage {
        Stage::Writing { url } | Stage::Finishing { url } => {
            let url = url.clone();
            Some((stage, url))
        }
        Stage::Down => None,
    }
}

/// Handles an error of a connection: if the server was not killed, the error is a fault of its own.
pub(super) async fn part(stages: &mut watch::Receiver<Stage>, error: anyhow::Error) -> Result<()> {
    let killed = tokio::time::timeout(STALL_MAX / 4, down(stages))
        .await
        .is_ok();
    ensure!(killed, "while the server was up: {error:#}");
    Ok(())
}

/// Waits until the server is gone or the run has ended.
pub(super) async fn down(stages: &mut watch::Receiver<Stage>) {
    let _ = stages.wait_for(|stage| *stage == Stage::Down).await;
}
