//! Viewers that stay.

use crate::clip::stamp;
use crate::session::{Event, Join, Session};
use crate::viewer::{Count, Viewer, Window};
use anyhow::{Context, Result, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Pause between two joins, milliseconds: fifty viewers are in after some ten seconds.
const JOIN_GAP_MS: std::ops::RangeInclusive<u64> = 50..=350;
/// Longest wait of a viewer for its first picture, and for the last packets of a window.
const PICTURE_TIMEOUT: Duration = Duration::from_secs(20);
const LAST_PACKETS_TIMEOUT: Duration = Duration::from_secs(2);

/// All viewers of a measurement.
pub(super) struct Audience {
    viewers: u64,
    join: Join,
    tasks: JoinSet<Result<Count>>,
    window: watch::Sender<Option<Window>>,
    leaving: watch::Sender<bool>,
}

impl Audience {
    pub(super) fn new(viewers: u64, join: &Join) -> Self {
        Self {
            viewers,
            join: join.clone(),
            tasks: JoinSet::new(),
            window: watch::channel(None).0,
            leaving: watch::channel(false).0,
        }
    }

    /// Admits the viewers one after another; returns when each has a picture.
    pub(super) async fn come_in(&mut self, seed: u64) -> Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (tell, mut pictures) = mpsc::channel(self.viewers as usize);
        for number in 0..self.viewers {
            let seat = Seat {
                window: self.window.subscribe(),
                leaving: self.leaving.subscribe(),
                picture: tell.clone(),
            };
            self.tasks.spawn(seat.watch(self.join.numbered(number)));
            tokio::time::sleep(Duration::from_millis(rng.random_range(JOIN_GAP_MS))).await;
        }
        drop(tell);
        for seated in 0..self.viewers {
            let picture = tokio::time::timeout(PICTURE_TIMEOUT, pictures.recv()).await;
            if !matches!(picture, Ok(Some(()))) {
                self.leave()
                    .await
                    .with_context(|| format!("only {seated} viewers have a picture"))?;
                anyhow::bail!("only {seated} viewers got a picture");
            }
        }
        Ok(())
    }

    /// Starts counting.
    pub(super) fn measure(&self, window: Window) {
        self.window.send_replace(Some(window));
    }

    /// Waits for the last packets, lets all viewers leave, and returns their counts.
    pub(super) async fn leave(&mut self) -> Result<Count> {
        self.leaving.send_replace(true);
        let mut whole = Count::zero();
        while let Some(count) = self.tasks.join_next().await {
            whole.add(&count.context("a viewer panicked")??);
        }
        Ok(whole)
    }
}

/// Channels between one viewer and the measurement.
struct Seat {
    window: watch::Receiver<Option<Window>>,
    leaving: watch::Receiver<bool>,
    picture: mpsc::Sender<()>,
}

impl Seat {
    async fn watch(mut self, join: Join) -> Result<Count> {
        let (mut session, _) = Session::join(&join).await?;
        let mut viewer = Viewer::new();
        loop {
            tokio::select! {
                biased;
                event = session.next() => self.take(event?, &mut viewer).await?,
                Ok(()) = self.window.changed() => {
                    let window = self.window.borrow_and_update().clone();
                    window.into_iter().for_each(|window| viewer.measure(window));
                }
                left = self.leaving.changed() => {
                    left.context("the run ended")?;
                    break;
                }
            }
        }
        let rest = rest(&mut session, &mut viewer);
        let _ = tokio::time::timeout(LAST_PACKETS_TIMEOUT, rest).await;
        session.leave().await;
        Ok(viewer.into_count())
    }

    async fn take(&self, event: Event, viewer: &mut Viewer) -> Result<()> {
        if count(event, viewer)? {
            self.picture.send(()).await.context("the run ended")?;
        }
        Ok(())
    }
}

/// Counts an event; returns true if the packet completes the first picture.
pub(super) fn count(event: Event, viewer: &mut Viewer) -> Result<bool> {
    let Event::Packet(packet, arrived) = event else {
        return Ok(false);
    };
    // Probes for bandwidth carry padding, not media.
    if packet.payload.is_empty() {
        return Ok(false);
    }
    let stamp = stamp(&packet.payload).context("a packet that the publisher did not send")?;
    ensure!(
        !arrived.is_zero(),
        "this kernel does not tell when datagrams arrive"
    );
    Ok(viewer.packet(stamp, arrived))
}

async fn rest(session: &mut Session, viewer: &mut Viewer) -> Result<()> {
    while !viewer.is_complete() {
        count(session.next().await?, viewer)?;
    }
    Ok(())
}
