//! People in a room of fmz who send as the SDK does, all in this process.

mod totals;
mod watcher;

use crate::hand::Hand;
use crate::pen::{Drawn, Pen};
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, bail};
use fmz_proto::v1::server_message::Message as FromServer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
pub(crate) use totals::Totals;
use watcher::Watcher;

/// Time between two batches, as in the SDK.
const BATCH_INTERVAL: Duration = Duration::from_millis(25);
/// Handshakes at once.
const DOORS: usize = 8;

/// What one of them does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Draws for one second of so many.
    Draw { cycle: u64 },
    /// Reads what is committed.
    View,
    /// Reads, keeps a document, and notes when points are in it.
    Watch,
}

/// Everyone of a room, each a task.
pub(crate) struct People {
    tasks: JoinSet<Result<()>>,
    /// When all began to draw.
    begun: watch::Sender<Option<Instant>>,
    pub(crate) totals: Arc<Totals>,
}

impl People {
    /// Lets all in; `join` gives each its way in.
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
                watcher: (part == Part::Watch).then(Watcher::default),
            };
            let join = join(part).numbered(client);
            people.tasks.spawn(person.attend(join, tell.clone()));
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

    /// Lets nobody draw any more.
    pub(crate) fn rest(&self) {
        self.begun.send_replace(None);
    }

    /// Fails where somebody is out.
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
    watcher: Option<Watcher>,
}

impl Person {
    async fn attend(mut self, join: Join, seated: mpsc::Sender<()>) -> Result<()> {
        let (mut session, welcome) = Session::join(&join).await?;
        let mut pen = Pen::new(self.hand(), welcome.author);
        let mut open = !join.transport;
        while !open {
            let event = session.next().await?;
            open = matches!(event, Event::OpsOpen);
            self.take(event, &mut pen)?;
        }
        seated.send(()).await.context("the run ended")?;
        let mut beat = tokio::time::interval(BATCH_INTERVAL);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let begun = self.begun();
            tokio::select! {
                event = session.next() => self.take(event?, &mut pen)?,
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

    /// When all began, for those who draw.
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

    fn take(&mut self, event: Event, pen: &mut Pen) -> Result<()> {
        if let Some(watcher) = &mut self.watcher {
            for (author, client_seq) in watcher.take(&event)? {
                self.totals.applied(author, client_seq);
            }
        }
        match event {
            Event::Message(message) => self.take_message(&message, pen),
            _ => Ok(()),
        }
    }

    fn take_message(&self, message: &FromServer, pen: &mut Pen) -> Result<()> {
        match message {
            FromServer::Committed(committed) => {
                let points = committed.batches.iter().map(|batch| pen.committed(batch));
                self.totals
                    .delivered
                    .fetch_add(points.sum(), Ordering::Relaxed);
                Ok(())
            }
            FromServer::Rejected(rejected) => bail!("a batch was rejected: {rejected:?}"),
            FromServer::Error(error) => bail!("the server reports {error:?}"),
            _ => Ok(()),
        }
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
