//! How the run leads its tasks, and what they tell it.

use super::STALL_MAX;
use anyhow::{Result, ensure};
use fmz_proto::v1::{CommittedBatch, OpBatch};
use std::ops::RangeInclusive;
use tokio::sync::watch;

/// What the tasks are to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server is gone or going.
    Down,
    /// Connect and write.
    Writing { url: String },
    /// Connect and get the rest acknowledged.
    Finishing { url: String },
}

/// What the tasks tell.
#[derive(Debug)]
pub(super) enum Note {
    /// A new batch is about to be sent.
    Submitted { author: u32, batch: OpBatch },
    /// An author saw its batch committed; `steady` once it writes over the path it is meant for.
    Acknowledged {
        author: u32,
        client_seq: u64,
        first_revision: u64,
        ops: u32,
        steady: bool,
    },
    /// An author sent so many un-acknowledged ops again.
    SentAgain { ops: u64 },
    /// A snapshot told an author that a batch of its is held.
    Stored { author: u32, client_seq: u64 },
    /// An author has nothing un-acknowledged left.
    Finished { author: u32 },
    /// The observer was given this much of the log.
    Shown(CommittedBatch),
    /// The observer was given a snapshot in place of these revisions.
    Bridged(RangeInclusive<u64>),
    /// A task has let go of a server that is gone.
    Parted,
    /// A task cannot go on.
    Failed(anyhow::Error),
}

/// Waits for a stage in which there is a server, tells its address; `None` at the end of the run.
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

/// After an error: the server was killed, or the error is a finding of its own.
pub(super) async fn part(stages: &mut watch::Receiver<Stage>, error: anyhow::Error) -> Result<()> {
    let killed = tokio::time::timeout(STALL_MAX / 4, down(stages))
        .await
        .is_ok();
    ensure!(killed, "while the server was up: {error:#}");
    Ok(())
}

/// Waits until the server is gone, or the run ended.
pub(super) async fn down(stages: &mut watch::Receiver<Stage>) {
    let _ = stages.wait_for(|stage| *stage == Stage::Down).await;
}
