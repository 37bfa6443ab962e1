//! Commands from REST on their way through a room's task.

use super::deps::RoomDeps;
use crate::history;
use fmz_annotation::Document;
use fmz_signaling_core::{CommandId, Outcome, ReadToken, Refusal, StateAt};
use std::{collections::BTreeMap, future::pending, sync::Arc};
use tokio::{sync::oneshot, task::JoinSet};

/// Where a command's answer goes.
pub(crate) type Answers = oneshot::Sender<Result<Outcome, Refusal>>;

/// An older state, read.
pub(super) type StateRead = (ReadToken, Result<Document, String>);

/// Those who wait for an answer, and what is being read for them. The room bounds both.
#[derive(Debug, Default)]
pub(super) struct Commands {
    given: u64,
    answers: BTreeMap<CommandId, Answers>,
    reads: JoinSet<StateRead>,
}

impl Commands {
    pub(super) fn add(&mut self, answer: Answers) -> CommandId {
        self.given += 1;
        let id = CommandId(self.given);
        self.answers.insert(id, answer);
        id
    }

    pub(super) fn answer(&mut self, id: CommandId, outcome: Result<Outcome, Refusal>) {
        if let Some(answer) = self.answers.remove(&id) {
            // Who asked may have gone; what was done stays done.
            let _ = answer.send(outcome);
        }
    }

    pub(super) fn read(
        &mut self,
        deps: &Arc<RoomDeps>,
        video: &str,
        token: ReadToken,
        at: StateAt,
    ) {
        let (deps, video) = (deps.clone(), video.to_owned());
        self.reads
            .spawn(async move { (token, state_at(&deps, &video, at).await) });
    }

    /// The next state that was read; never where none is being read.
    pub(super) async fn next_read(&mut self) -> StateRead {
        while let Some(read) = self.reads.join_next().await {
            match read {
                Ok(read) => return read,
                Err(error) => tracing::error!(%error, "a reader ended early"),
            }
        }
        pending().await
    }
}

async fn state_at(deps: &RoomDeps, video: &str, at: StateAt) -> Result<Document, String> {
    let _permit = deps
        .reads
        .acquire()
        .await
        .map_err(|error| error.to_string())?;
    let revision = match at {
        StateAt::Revision(revision) => revision,
        StateAt::Time { ms, from } => {
            let found = history::revision_at(&*deps.store, video, ms, from).await;
            found.map_err(|error| error.to_string())?
        }
    };
    let document = history::document_at(deps.store.clone(), video, revision).await;
    document.map_err(|error| error.to_string())
}
