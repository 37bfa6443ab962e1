//! A viewer that is there from the first revision on and keeps everything of the log that it is
//! shown.

use super::stage::{Note, Stage, down, part, up};
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, bail};
use fmz_proto::v1::CommittedBatch;
use fmz_proto::v1::server_message::Message as FromServer;
use tokio::sync::{mpsc, watch};

pub(super) struct Observer {
    token: String,
    /// Last revision shown.
    revision: u64,
}

impl Observer {
    pub(super) fn new(token: String) -> Self {
        Self { token, revision: 0 }
    }

    /// Goes through all stages of the run.
    pub(super) async fn run(
        mut self,
        mut stages: watch::Receiver<Stage>,
        notes: mpsc::Sender<Note>,
    ) {
        while let Some((_, url)) = up(&mut stages).await {
            let parted = match self.live(url, &mut stages, &notes).await {
                Ok(()) => Ok(()),
                Err(error) => part(&mut stages, error).await,
            };
            let note = parted.map_or_else(Note::Failed, |()| Note::Parted);
            if notes.send(note).await.is_err() {
                return;
            }
        }
    }

    async fn live(
        &mut self,
        url: String,
        stages: &mut watch::Receiver<Stage>,
        notes: &mpsc::Sender<Note>,
    ) -> Result<()> {
        let join = Join {
            url,
            token: self.token.clone(),
            session_key: [0xfe; 16],
            revision: self.revision,
            transport: false,
        };
        let (mut session, _) = Session::join(&join).await?;
        loop {
            let shown = tokio::select! {
                event = session.next() => self.take(event?)?,
                () = down(stages) => return Ok(()),
            };
            for note in shown {
                notes.send(note).await.ok().context("the run ended")?;
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<Vec<Note>> {
        match event {
            Event::Snapshot(snapshot) if snapshot.revision > self.revision => {
                let range = self.revision + 1..=snapshot.revision;
                self.revision = snapshot.revision;
                Ok(vec![Note::Bridged(range)])
            }
            Event::Message(message) => match *message {
                FromServer::Committed(committed) => self.take_batches(committed.batches),
                _ => Ok(vec![]),
            },
            _ => Ok(vec![]),
        }
    }

    fn take_batches(&mut self, batches: Vec<CommittedBatch>) -> Result<Vec<Note>> {
        let mut shown = Vec::new();
        for batch in batches {
            let last = batch.first_revision + batch.ops.len() as u64 - 1;
            if last <= self.revision {
                continue;
            }
            if batch.first_revision != self.revision + 1 {
                bail!(
                    "revision {} was shown after {}",
                    batch.first_revision,
                    self.revision
                );
            }
            self.revision = last;
            shown.push(Note::Shown(batch));
        }
        Ok(shown)
    }
}
