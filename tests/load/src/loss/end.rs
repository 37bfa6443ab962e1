//! A pen or a screen: a participant behind a bad link.

use crate::link::Impairment;
use crate::member::{Member, News};
use crate::session::Join;
use anyhow::{Context, Result, bail};
use fmz_annotation::{ObjectId, Replica};
use fmz_participant::{Channel, Event, Path};
use fmz_proto::v1::{Create, FrameStamp, Kind, Op, op};
use std::collections::BTreeSet;
use std::time::Duration;

/// Longest wait for a transport: one that does not stand by then never will, however much is lost.
const OPEN_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) struct End {
    member: Member,
    refused: u64,
}

impl End {
    /// Joins, and waits for the document and the data channel.
    pub(super) async fn join(join: &Join, link: Impairment, copies: bool) -> Result<Self> {
        let mut member = Member::new(join, copies);
        member.connect(&join.url, Some(link)).await?;
        let mut end = Self { member, refused: 0 };
        tokio::time::timeout(OPEN_TIMEOUT, end.open())
            .await
            .context("no data channel opened")??;
        Ok(end)
    }

    async fn open(&mut self) -> Result<()> {
        let ops = Some(Path::Channel(Channel::Ops));
        let mut loaded = false;
        while !loaded || self.member.participant().path() != ops {
            loaded |= matches!(self.member.next().await?, News::Event(Event::Loaded));
        }
        Ok(())
    }

    fn replica(&self) -> &Replica {
        self.member.participant().replica()
    }

    pub(super) fn author(&self) -> u32 {
        self.replica().author()
    }

    pub(super) fn author_count(&self) -> usize {
        self.replica().document().authors().count()
    }

    pub(super) fn revision(&self) -> u64 {
        self.replica().revision()
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns the number of the document's objects that an author drew.
    pub(super) fn objects_of(&self, author: u32) -> u64 {
        let objects = self.replica().document().objects();
        objects
            .filter(|object| object.id().author() == author)
            .count() as u64
    }

    /// Draws a rectangle and sends it; returns its counter.
    pub(super) fn draw(&mut self) -> Result<u32> {
        let id = self.replica().next_id().context("may not draw")?;
        let create = Create {
            id: Some((&id).into()),
            kind: Kind::Rectangle.into(),
            frame: Some(FrameStamp::default()),
            ..Default::default()
        };
        let op = Op {
            op: Some(op::Op::Create(create)),
        };
        self.member
            .drive(|participant, now| participant.submit(&[op], now))?;
        while let Some(transmit) = self.member.poll_transmit() {
            self.member.send(&transmit)?;
        }
        Ok(id.counter())
    }

    /// Waits for the next event; returns the objects that changed. The future may be dropped while
    /// it waits.
    pub(super) async fn next(&mut self) -> Result<BTreeSet<ObjectId>> {
        match self.member.next().await? {
            News::Event(Event::Changed(changed)) => Ok(changed),
            News::Event(Event::Refused { rejected, .. }) => {
                tracing::error!(?rejected, "refused");
                self.refused += 1;
                Ok(BTreeSet::new())
            }
            News::Event(Event::Missed(missed)) => bail!("{missed:?}"),
            News::Event(_) | News::Heard(..) | News::ChannelsOpen => Ok(BTreeSet::new()),
        }
    }
}
