//! One author: a client that writes, is cut off, and comes back with the same session key. The
//! answers that it got are read from the frames themselves, beside the participant.

use super::Options;
use super::stage::{Note, Stage, down, part, up};
use crate::member::{Member, News};
use crate::session::Join;
use crate::writer::Writer;
use anyhow::{Context, Result, bail, ensure};
use fmz_participant::{Channel, Event, Path, Transmit};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{Committed, OpBatch, Welcome};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};

/// Batches that an author keeps in flight before it waits: five seconds of work at the rate of a
/// durability run.
const UNACKED_BATCHES_MAX: usize = 64;
/// Average number of ops in a batch, by which the rate in ops becomes one in batches.
const MEAN_BATCH_OPS: u32 = 2;

pub(super) struct Author {
    writer: Writer,
    member: Member,
    /// Path on which this author has to write.
    path: Path,
    interval: Duration,
    /// Batches that left and have no answer, by their numbers.
    unacked: BTreeMap<u64, OpBatch>,
    /// Highest number of a batch that has left.
    noted: u64,
    /// Highest number of a batch that went on the ordered path.
    ordered: u64,
}

impl Author {
    pub(super) fn new(number: u32, options: &Options, token: String) -> Self {
        let seed = options
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(u64::from(number));
        let mut session_key = [0; 16];
        session_key[..4].copy_from_slice(&(number + 1).to_be_bytes());
        let transport = number % 2 == 1;
        let join = Join {
            url: String::new(),
            token,
            session_key,
            revision: 0,
            transport,
        };
        Self {
            writer: Writer::new(seed),
            member: Member::new(&join, true),
            path: match transport {
                true => Path::Channel(Channel::Ops),
                false => Path::Socket,
            },
            interval: Duration::from_secs(1) * MEAN_BATCH_OPS * options.authors / options.rate,
            unacked: BTreeMap::new(),
            noted: 0,
            ordered: 0,
        }
    }

    /// Goes through all stages of the run.
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
            let lived = life.live(&url, &mut stages).await;
            life.author.member.disconnect();
            let parted = match lived {
                Ok(()) => Ok(()),
                Err(error) => part(&mut stages, error).await,
            };
            let note = parted.map_or_else(Note::Failed, |()| Note::Parted);
            if notes.send(note).await.is_err() {
                return;
            }
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
    async fn live(&mut self, url: &str, stages: &mut watch::Receiver<Stage>) -> Result<()> {
        self.author.member.connect(url, None).await?;
        let mut pen = pen(self.author.interval);
        loop {
            self.send().await?;
            let writes = matches!(self.stage, Stage::Writing { .. }) && self.may_write();
            tokio::select! {
                news = self.author.member.step() => self.take(news?).await?,
                _ = pen.tick(), if writes => self.write()?,
                () = down(stages) => return Ok(()),
            }
        }
    }

    /// Sends the participant's frames; each batch is in the journal before it leaves.
    async fn send(&mut self) -> Result<()> {
        let mut ops_again = 0;
        while let Some(transmit) = self.author.member.poll_transmit() {
            ops_again += self.note(&transmit).await?;
            self.author.member.send(&transmit)?;
        }
        match ops_again {
            0 => Ok(()),
            ops => self.tell(Note::SentAgain { ops }).await,
        }
    }

    /// Notes each batch before it leaves for the first time. Returns the number of ops that go on
    /// the ordered path again.
    async fn note(&mut self, transmit: &Transmit) -> Result<u64> {
        let (batches, ordered) = match fmz_proto::decode_client(&transmit.frame)? {
            ToServer::Ops(batch) => (vec![batch], true),
            ToServer::Copies(copies) => (copies.batches, false),
            _ => return Ok(0),
        };
        let mut again = 0;
        for batch in batches {
            if ordered && batch.client_seq <= self.author.ordered {
                again += batch.ops.len() as u64;
            } else if ordered {
                self.author.ordered = batch.client_seq;
            }
            if batch.client_seq > self.author.noted {
                self.author.noted = batch.client_seq;
                self.author.unacked.insert(batch.client_seq, batch.clone());
                let author = self.author.writer.author;
                self.tell(Note::Submitted { author, batch }).await?;
            }
        }
        Ok(again)
    }

    /// Returns whether the author is in the document and may write. One write is one batch, because
    /// its ops carry the batch's number; so the next write waits until the last batch has left.
    fn may_write(&self) -> bool {
        let participant = self.author.member.participant();
        let replica = participant.replica();
        participant.is_welcomed()
            && replica
                .document()
                .author(self.author.writer.author)
                .is_some()
            && replica.queued_count() == 0
            && self.author.unacked.len() < UNACKED_BATCHES_MAX
    }

    fn write(&mut self) -> Result<()> {
        let ops = self.author.writer.ops();
        let submit = self
            .author
            .member
            .drive(|participant, now| participant.submit(&ops, now));
        submit.context("the participant refused its author's ops")
    }

    async fn take(&mut self, news: Option<News>) -> Result<()> {
        match news {
            Some(News::Event(Event::Welcomed(welcome))) => {
                self.author.welcome(&welcome)?;
                self.repeat(welcome.last_client_seq)?;
                self.tell_if_finished().await
            }
            Some(News::Event(Event::Loaded)) => self.take_document().await,
            Some(News::Event(Event::Refused { rejected, .. })) => {
                bail!("a batch was rejected: {rejected:?}")
            }
            Some(News::Event(Event::Lost(lost))) => bail!("changes were lost: {lost:?}"),
            Some(News::Event(Event::Message(message))) => match *message {
                FromServer::Error(error) => bail!("the server reports {error:?}"),
                _ => Ok(()),
            },
            Some(News::Heard(_, frame)) => match fmz_proto::decode_server(&frame)? {
                Some(FromServer::Committed(committed)) => self.take_commits(committed).await,
                _ => Ok(()),
            },
            Some(News::Event(_) | News::ChannelsOpen) | None => Ok(()),
        }
    }

    /// Sends batches again that the welcome says are held. No participant does that; the server
    /// must recognise what it already has.
    fn repeat(&mut self, last_client_seq: u64) -> Result<()> {
        let held = self.author.unacked.range(..=last_client_seq);
        let held: Vec<_> = held.map(|(_, batch)| batch.clone()).collect();
        for batch in held {
            self.author.member.send(&Transmit {
                path: Path::Socket,
                frame: fmz_proto::encode_client(ToServer::Ops(batch)),
            })?;
        }
        Ok(())
    }

    async fn take_commits(&mut self, committed: Committed) -> Result<()> {
        let steady = self.author.member.participant().path() == Some(self.author.path);
        let author = self.author.writer.author;
        let own = committed.batches.iter();
        for batch in own.filter(|batch| batch.author == author) {
            if self.author.unacked.remove(&batch.client_seq).is_some() {
                self.tell(Note::Acknowledged {
                    author,
                    client_seq: batch.client_seq,
                    first_revision: batch.first_revision,
                    ops: batch.ops.len() as u32,
                    steady,
                })
                .await?;
            }
        }
        self.tell_if_finished().await
    }

    /// Takes from a loaded document which of this author's batches are held.
    async fn take_document(&mut self) -> Result<()> {
        let author = self.author.writer.author;
        let document = self.author.member.participant().replica().document();
        let last = document.last_client_seq(author);
        let later = self.author.unacked.split_off(&(last + 1));
        let stored = std::mem::replace(&mut self.author.unacked, later);
        for client_seq in stored.into_keys() {
            self.tell(Note::Stored { author, client_seq }).await?;
        }
        self.tell_if_finished().await
    }

    async fn tell_if_finished(&self) -> Result<()> {
        let replica = self.author.member.participant().replica();
        let finished = self.author.unacked.is_empty() && replica.pending_count() == 0;
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
