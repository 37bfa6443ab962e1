//! The older states that are being read for one room.

use super::deps::RoomDeps;
use crate::history;
use fmz_annotation::Document;
use fmz_signaling_core::{ReadToken, StateAt};
use std::{future::pending, sync::Arc};
use tokio::task::JoinSet;

/// An older state that was read, or why it could not be.
pub(super) type StateRead = (ReadToken, Result<Document, String>);

/// Readings on their way. The room bounds them: each belongs to a command.
#[derive(Debug, Default)]
pub(super) struct Reads(JoinSet<StateRead>);

impl Reads {
    /// Begins to read the state of `video` that `at` names.
    pub(super) fn begin(
        &mut self,
        deps: &Arc<RoomDeps>,
        video: &str,
        token: ReadToken,
        at: StateAt,
    ) {
        let (deps, video) = (deps.clone(), video.to_owned());
        self.0
            .spawn(async move { (token, state_at(&deps, &video, at).await) });
    }

    /// Waits for the next state; for ever if none is being read.
    pub(super) async fn next(&mut self) -> StateRead {
        while let Some(read) = self.0.join_next().await {
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
            let found = deps.stores.log.revision_at(video, ms, from).await;
            found.map_err(|error| error.to_string())?
        }
    };
    let document = history::document_at(&deps.stores, video, revision).await;
    document.map_err(|error| error.to_string())
}
