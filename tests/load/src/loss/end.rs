//! One participant with the document of a real client, sending and receiving as the SDKs do.

use crate::link::Impairment;
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, bail};
use fmz_annotation::{Deferred, ObjectId, Replica};
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{Create, FrameStamp, Kind, Op, OpCopies, op};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Time between two copies of a batch behind which nothing follows.
const COPY_INTERVAL: Duration = Duration::from_millis(25);
/// A transport that does not stand after this long never will, however much is lost.
const OPEN_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) struct End {
    session: Session,
    replica: Replica,
    copies: bool,
    copy_at: Option<Instant>,
    deferred: Deferred,
    refused: u64,
}

impl End {
    /// Joins and waits for the document and the data channel.
    pub(super) async fn join(join: &Join, link: Impairment, copies: bool) -> Result<Self> {
        let (session, welcome) = Session::join_through(join, Some(link)).await?;
        let mut replica = Replica::new();
        let _ = replica.set_author(welcome.author, welcome.last_client_seq);
        let mut end = Self {
            session,
            replica,
            copies,
            copy_at: None,
            deferred: Deferred::default(),
            refused: 0,
        };
        tokio::time::timeout(OPEN_TIMEOUT, end.open())
            .await
            .context("no data channel opened")??;
        Ok(end)
    }

    async fn open(&mut self) -> Result<()> {
        let (mut loaded, mut open) = (false, false);
        while !(loaded && open) {
            let event = self.session.next().await?;
            loaded |= matches!(event, Event::Snapshot(_));
            open |= matches!(event, Event::OpsOpen);
            self.take(event)?;
        }
        Ok(())
    }

    pub(super) fn author(&self) -> u32 {
        self.replica.author()
    }

    pub(super) fn author_count(&self) -> usize {
        self.replica.document().snapshot().authors.len()
    }

    pub(super) fn revision(&self) -> u64 {
        self.replica.revision()
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Objects in the document that an author drew.
    pub(super) fn objects_of(&self, author: u32) -> u64 {
        let objects = self.replica.document().objects();
        objects
            .filter(|object| object.id().author() == author)
            .count() as u64
    }

    /// Draws a rectangle and sends it; returns its counter.
    pub(super) fn draw(&mut self) -> Result<u32> {
        let id = self.replica.next_id().context("may not draw")?;
        let create = Create {
            id: Some((&id).into()),
            kind: Kind::Rectangle.into(),
            frame: Some(FrameStamp::default()),
            ..Default::default()
        };
        let op = Op {
            op: Some(op::Op::Create(create)),
        };
        self.replica.submit(&[op])?;
        let taken = std::iter::from_fn(|| self.replica.take_batch(20));
        let taken: Vec<u64> = taken.map(|batch| batch.client_seq).collect();
        let copies = self.send_copies()?;
        self.deferred.note(&taken, copies.as_ref(), Instant::now());
        self.send_ordered()?;
        Ok(id.counter())
    }

    fn send_copies(&mut self) -> Result<Option<OpCopies>> {
        let copies = self.replica.take_copies().filter(|_| self.copies);
        self.copy_at = copies.is_some().then(|| Instant::now() + COPY_INTERVAL);
        if let Some(copies) = &copies {
            self.session.send_copies(copies.clone())?;
        }
        Ok(copies)
    }

    fn send_ordered(&mut self) -> Result<()> {
        let due = self.deferred.take_due(&self.replica, Instant::now());
        due.into_iter()
            .try_for_each(|batch| self.session.send_ops(batch))
    }

    /// Waits for the next thing to happen; returns what changed. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<BTreeSet<ObjectId>> {
        tokio::select! {
            event = self.session.next() => self.take(event?),
            () = until(self.copy_at) => {
                self.send_copies()?;
                Ok(BTreeSet::new())
            }
            () = until(self.deferred.due_at()) => {
                self.send_ordered()?;
                Ok(BTreeSet::new())
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<BTreeSet<ObjectId>> {
        let received = match event {
            Event::Snapshot(snapshot) => {
                let _ = self.replica.load(snapshot)?;
                return Ok(BTreeSet::new());
            }
            Event::Copy(committed) if self.copies => self.replica.receive_copy(&committed)?,
            Event::Message(message) => match *message {
                FromServer::Committed(committed) => self.replica.receive(&committed)?,
                FromServer::Rejected(rejected) => {
                    tracing::error!(?rejected, "refused");
                    self.refused += 1;
                    return Ok(BTreeSet::new());
                }
                _ => return Ok(BTreeSet::new()),
            },
            _ => return Ok(BTreeSet::new()),
        };
        if let Some(revision) = received.gap {
            bail!("a gap behind revision {revision}");
        }
        Ok(received.changed)
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
