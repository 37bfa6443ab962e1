//! People in a room of fmz, all in this process. Those who draw or view keep no document, so that
//! hundreds fit; those who watch are full clients.

mod totals;
mod watcher;

use crate::hand::Hand;
use crate::member::{Member, News};
use crate::pen::{Drawn, Pen};
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, bail};
use fmz_participant::limits::BATCH_INTERVAL;
use fmz_participant::{Channel, Event as Told, Path};
use fmz_proto::v1::Committed;
use fmz_proto::v1::server_message::Message as FromServer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
pub(crate) use totals::Totals;
use watcher::Watcher;

/// Handshakes at the same time.
const DOORS: usize = 8;

/// Activity of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Draws in one second of every `cycle`.
    Draw { cycle: u64 },
    /// Reads what is committed.
    View,
    /// Reads, keeps a document, and notes when points are in it.
    Watch,
}

/// All people of a room, each a task.
pub(crate) struct People {
    tasks: JoinSet<Result<()>>,
    /// Time at which all began to draw.
    begun: watch::Sender<Option<Instant>>,
    pub(crate) totals: Arc<Totals>,
}

impl People {
    /// Admits all people; `join` tells how each connects.
    pub(crate) async fn come_in(
        parts: impl IntoIterator<Item = Part>,
        join: impl Fn(Part) -> Join,
    ) -> Result<Self> {
        let mut people = Self {
            tasks: JoinSet::new(),
            begun: watch::channel(None).0,
            totals: Arc::default(),
        };
        let (tell, mut seated) = mpsc::channel(DOORS);
        let mut waiting = 0;
        for (client, part) in (0..).zip(parts) {
            let person = Person {
                client,
                part,
                begun: people.begun.subscribe(),
                totals: people.totals.clone(),
            };
            let join = join(part).numbered(client);
            match part {
                Part::Watch => people.tasks.spawn(person.watch(join, tell.clone())),
                Part::Draw { .. } | Part::View => {
                    people.tasks.spawn(person.attend(join, tell.clone()))
                }
            };
            waiting += 1;
            if waiting == DOORS {
                people.seat(&mut seated).await?;
                waiting -= 1;
            }
        }
        for _ in 0..waiting {
            people.seat(&mut seated).await?;
        }
        Ok(people)
    }

    async fn seat(&mut self, seated: &mut mpsc::Receiver<()>) -> Result<()> {
        tokio::select! {
            told = seated.recv() => told.context("everybody left"),
            Some(ended) = self.tasks.join_next() => ended.context("a person panicked")?,
        }
    }

    /// Lets those draw whose part it is.
    pub(crate) fn draw(&self) {
        self.begun.send_replace(Some(Instant::now()));
    }

    /// Stops all drawing.
    pub(crate) fn rest(&self) {
        self.begun.send_replace(None);
    }

    /// Fails if a person has dropped out.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.tasks.try_join_next() {
            None => Ok(()),
            Some(ended) => {
                ended.context("a person panicked")??;
                bail!("a person left")
            }
        }
    }
}

struct Person {
    client: u64,
    part: Part,
    begun: watch::Receiver<Option<Instant>>,
    totals: Arc<Totals>,
}

impl Person {
    /// Attends as a full client, and notes when each batch is in its document.
    async fn watch(mut self, join: Join, seated: mpsc::Sender<()>) -> Result<()> {
        let mut member = Member::new(&join, true);
        member.connect(&join.url, None).await?;
        let path = match join.transport {
            true => Path::Channel(Channel::Ops),
            false => Path::Socket,
        };
        let mut pen = Pen::new(self.hand(), 0);
        let mut watcher = Watcher::default();
        let mut seated = Some(seated);
        loop {
            let arrived = member.participant().path() == Some(path);
            if let Some(seated) = seated.take_if(|_| arrived) {
                seated.send(()).await.context("the run ended")?;
            }
            let before = member.participant().replica().revision();
            let news = tokio::select! {
                news = member.next() => news?,
                changed = self.begun.changed() => {
                    changed.context("the run ended")?;
                    continue;
                }
            };
            let revision = member.participant().replica().revision();
            if let Some((path, committed)) = commits(news)? {
                for (author, client_seq) in watcher.take(&committed, before, revision) {
                    self.totals.applied(author, client_seq);
                }
                if path != Path::Channel(Channel::Live) {
                    self.count_points(&committed, &mut pen);
                }
            }
        }
    }

    async fn attend(mut self, join: Join, seated: mpsc::Sender<()>) -> Result<()> {
        let (mut session, welcome) = Session::join(&join).await?;
        let mut pen = Pen::new(self.hand(), welcome.author);
        let mut open = !join.transport;
        while !open {
            let event = session.next().await?;
            open = matches!(event, Event::OpsOpen);
            self.take(&event, &mut pen)?;
        }
        seated.send(()).await.context("the run ended")?;
        let mut beat = tokio::time::interval(BATCH_INTERVAL);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let begun = self.begun();
            tokio::select! {
                event = session.next() => self.take(&event?, &mut pen)?,
                _ = beat.tick(), if begun.is_some() => self.draw(begun, &mut pen, &mut session)?,
                changed = self.begun.changed() => changed.context("the run ended")?,
            }
            self.count_bytes(&mut session);
        }
    }

    fn hand(&self) -> Hand {
        match self.part {
            Part::Draw { cycle } => Hand::new(self.client, cycle),
            Part::View | Part::Watch => Hand::new(self.client, 1),
        }
    }

    /// Returns the time at which all began, if this person draws.
    fn begun(&mut self) -> Option<Instant> {
        let begun = *self.begun.borrow_and_update();
        begun.filter(|_| matches!(self.part, Part::Draw { .. }))
    }

    fn draw(&self, begun: Option<Instant>, pen: &mut Pen, session: &mut Session) -> Result<()> {
        let Some(begun) = begun else { return Ok(()) };
        let Some(Drawn {
            batch,
            points,
            first_at,
        }) = pen.batch(begun.elapsed())
        else {
            return Ok(());
        };
        self.totals.made.fetch_add(points, Ordering::Relaxed);
        self.totals
            .sent(pen.author(), batch.client_seq, begun + first_at);
        session.send_ops(batch)
    }

    fn take(&self, event: &Event, pen: &mut Pen) -> Result<()> {
        let Event::Message(message) = event else {
            return Ok(());
        };
        match &**message {
            FromServer::Committed(committed) => {
                self.count_points(committed, pen);
                Ok(())
            }
            FromServer::Rejected(rejected) => bail!("a batch was rejected: {rejected:?}"),
            FromServer::Error(error) => bail!("the server reports {error:?}"),
            _ => Ok(()),
        }
    }

    fn count_points(&self, committed: &Committed, pen: &mut Pen) {
        let points = committed.batches.iter().map(|batch| pen.committed(batch));
        let delivered = &self.totals.delivered;
        delivered.fetch_add(points.sum(), Ordering::Relaxed);
    }

    fn count_bytes(&self, session: &mut Session) {
        if self.part == Part::View
            && let Some(transport) = session.transport()
        {
            let bytes = transport.take_received_bytes();
            self.totals.viewed_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// Returns the commits of a frame that a client took.
fn commits(news: News) -> Result<Option<(Path, Committed)>> {
    match news {
        News::Heard(path, frame) => Ok(match fmz_proto::decode_server(&frame)? {
            Some(FromServer::Committed(committed)) => Some((path, committed)),
            _ => None,
        }),
        News::Event(Told::Missed(missed)) => bail!("the ordered channel left a gap: {missed:?}"),
        News::Event(Told::Message(message)) => match *message {
            FromServer::Error(error) => bail!("the server reports {error:?}"),
            _ => Ok(None),
        },
        News::Event(_) | News::ChannelsOpen => Ok(None),
    }
}
