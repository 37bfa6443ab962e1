//! One author: writes, is cut off, comes back with the same session key and sends again what was not acknowledged.

use super::Options;
use super::stage::{Note, Stage, down, part, up};
use crate::session::{Event, Join, Session};
use crate::writer::Writer;
use anyhow::{Context, Result, bail, ensure};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{CommittedBatch, DocumentSnapshot, Resync, Welcome};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};

/// Ops of a mean batch, by which the rate is turned into batches.
const MEAN_BATCH_OPS: u32 = 2;

pub(super) struct Author {
    writer: Writer,
    token: String,
    session_key: [u8; 16],
    on_channel: bool,
    interval: Duration,
    /// Last revision held.
    revision: u64,
    resync_asked: bool,
}

impl Author {
    pub(super) fn new(number: u32, options: &Options, token: String) -> Self {
        let seed = options
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(u64::from(number));
        let mut session_key = [0; 16];
        session_key[..4].copy_from_slice(&(number + 1).to_be_bytes());
        Self {
            writer: Writer::new(seed),
            token,
            session_key,
            on_channel: number % 2 == 1,
            interval: Duration::from_secs(1) * MEAN_BATCH_OPS * options.authors / options.rate,
            revision: 0,
            resync_asked: false,
        }
    }

    /// Lives through all stages.
    pub(super) async fn run(
        mut self,
        mut stages: watch::Receiver<Stage>,
        notes: mpsc::Sender<Note>,
    ) {
        while let Some((stage, url)) = up(&mut stages).await {
            let mut life = Life {
                author: &mut self,
                stage,
                notes: notes.clone(),
            };
            let parted = match life.live(url, &mut stages).await {
                Ok(()) => Ok(()),
                Err(error) => part(&mut stages, error).await,
            };
            let note = parted.map_or_else(Note::Failed, |()| Note::Parted);
            if notes.send(note).await.is_err() {
                return;
            }
        }
    }

    fn join(&self, url: String) -> Join {
        Join {
            url,
            token: self.token.clone(),
            session_key: self.session_key,
            revision: self.revision,
            transport: self.on_channel,
        }
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<()> {
        let known = self.writer.author;
        ensure!(welcome.author > 0, "no author number was given");
        ensure!(
            known == 0 || known == welcome.author,
            "author {known} came back as {}",
            welcome.author
        );
        self.writer.author = welcome.author;
        Ok(())
    }
}

/// An author's time on one server.
struct Life<'a> {
    author: &'a mut Author,
    stage: Stage,
    notes: mpsc::Sender<Note>,
}

impl Life<'_> {
    async fn live(&mut self, url: String, stages: &mut watch::Receiver<Stage>) -> Result<()> {
        let (mut session, welcome) = Session::join(&self.author.join(url)).await?;
        self.author.welcome(&welcome)?;
        self.author.resync_asked = false;
        self.send_again(&mut session).await?;
        self.tell_if_finished().await?;
        let mut steady = !self.author.on_channel;
        let mut pen = pen(self.author.interval);
        loop {
            tokio::select! {
                event = session.next() => match event? {
                    Event::OpsOpen => {
                        steady = true;
                        self.send_again(&mut session).await?;
                    }
                    Event::Snapshot(snapshot) => self.take_snapshot(&snapshot).await?,
                    Event::Message(message) => self.take(*message, &session, steady).await?,
                    _ => {}
                },
                _ = pen.tick(), if matches!(self.stage, Stage::Writing { .. }) => self.write(&mut session).await?,
                () = down(stages) => return Ok(()),
            }
        }
    }

    /// All that is not acknowledged, whatever the welcome says of it: what the server has it must know to have.
    async fn send_again(&self, session: &mut Session) -> Result<()> {
        let mut ops = 0;
        for batch in self.author.writer.unacked() {
            ops += batch.ops.len() as u64;
            session.send_ops(batch.clone())?;
        }
        self.tell(Note::SentAgain { ops }).await
    }

    async fn write(&mut self, session: &mut Session) -> Result<()> {
        if !self.author.writer.may_submit() {
            return Ok(());
        }
        let batch = self.author.writer.submit(self.author.revision);
        let author = self.author.writer.author;
        self.tell(Note::Submitted {
            author,
            batch: batch.clone(),
        })
        .await?;
        session.send_ops(batch)
    }

    async fn take(&mut self, message: FromServer, session: &Session, steady: bool) -> Result<()> {
        match message {
            FromServer::Committed(committed) => {
                for batch in &committed.batches {
                    self.take_batch(batch, session, steady).await?;
                }
                self.tell_if_finished().await
            }
            FromServer::Rejected(rejected) => bail!("a batch was rejected: {rejected:?}"),
            FromServer::Error(error) => bail!("the server reports {error:?}"),
            _ => Ok(()),
        }
    }

    async fn take_batch(
        &mut self,
        batch: &CommittedBatch,
        session: &Session,
        steady: bool,
    ) -> Result<()> {
        self.follow(batch, session)?;
        if self.author.writer.committed(batch) {
            let (author, client_seq, first_revision) =
                (batch.author, batch.client_seq, batch.first_revision);
            let ops = batch.ops.len() as u32;
            self.tell(Note::Acknowledged {
                author,
                client_seq,
                first_revision,
                ops,
                steady,
            })
            .await?;
        }
        Ok(())
    }

    fn follow(&mut self, batch: &CommittedBatch, session: &Session) -> Result<()> {
        let held = self.author.revision;
        if batch.first_revision == held + 1 {
            self.author.revision = held + batch.ops.len() as u64;
            self.author.resync_asked = false;
        } else if batch.first_revision > held + 1 && !self.author.resync_asked {
            self.author.resync_asked = true;
            session.send(ToServer::Resync(Resync {
                revision: held,
                diverged: false,
            }))?;
        }
        Ok(())
    }

    async fn take_snapshot(&mut self, snapshot: &DocumentSnapshot) -> Result<()> {
        self.author.revision = snapshot.revision;
        self.author.resync_asked = false;
        let author = self.author.writer.author;
        let mine = snapshot.authors.iter().find(|state| state.author == author);
        for client_seq in self
            .author
            .writer
            .stored(mine.map_or(0, |state| state.last_client_seq))
        {
            self.tell(Note::Stored { author, client_seq }).await?;
        }
        self.tell_if_finished().await
    }

    async fn tell_if_finished(&self) -> Result<()> {
        let finished = self.author.writer.unacked().next().is_none();
        if finished && matches!(self.stage, Stage::Finishing { .. }) {
            self.tell(Note::Finished {
                author: self.author.writer.author,
            })
            .await?;
        }
        Ok(())
    }

    async fn tell(&self, note: Note) -> Result<()> {
        self.notes.send(note).await.ok().context("the run ended")
    }
}

fn pen(interval: Duration) -> Interval {
    let mut pen = tokio::time::interval(interval);
    pen.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pen
}
