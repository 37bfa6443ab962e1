//! Publishes the synthetic stream, on a thread of its own so that no viewer's work delays it.
//!
//! It stands for a source that was encoded in advance, as the demo's clip is: one keyframe a
//! second, and none on request.

use crate::clip::{self, FRAME_PACKETS, FRAME_RATE, FRAME_TICKS, Stamp};
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, anyhow};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{MediaKind, Publish, Source};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use str0m::media::{Mid, Pt};
use str0m::rtp::RtpWrite;
use tokio::sync::watch;
use tokio::time::Instant;

/// Packets that leave together: as many as Chromium's pacer sends in 5 ms at this rate.
pub(crate) const BATCH_PACKETS: u64 = 12;
/// Time over which a frame leaves, of the 41.7 ms until the next frame.
const FRAME_SPREAD: Duration = Duration::from_millis(38);
/// Number of the only request to publish.
const REQUEST: u32 = 1;

/// A running publisher. It ends on drop.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// Number of frames that have left.
    frames: watch::Receiver<u64>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Publisher {
    /// Joins and begins to send.
    pub(crate) async fn start(join: Join) -> Result<Self> {
        let (left, frames) = watch::channel(0);
        let thread = std::thread::Builder::new()
            .name("publisher".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(publish(&join, &left))
            })?;
        let mut publisher = Self {
            frames,
            thread: Some(thread),
        };
        publisher.reach(1).await?;
        Ok(publisher)
    }

    /// Returns the number of frames that have left.
    pub(crate) fn frames(&self) -> u64 {
        *self.frames.borrow()
    }

    /// Waits until this many frames have left.
    pub(crate) async fn reach(&mut self, frames: u64) -> Result<()> {
        if self.frames.wait_for(|left| *left >= frames).await.is_ok() {
            return Ok(());
        }
        let ended = self
            .thread
            .take()
            .context("the publisher ended before")?
            .join();
        ended
            .map_err(|_| anyhow!("the publisher panicked"))?
            .context("publish")
    }
}

async fn publish(join: &Join, left: &watch::Sender<u64>) -> Result<()> {
    let (mut session, _) = Session::join(join).await?;
    let mid = line(&mut session).await?;
    let pt = session
        .transport()
        .and_then(|transport| transport.vp8(mid))
        .context("no VP8 on the line")?;
    let mut stream = Stream {
        session,
        mid,
        pt,
        begin: Instant::now(),
    };
    for frame in 0.. {
        stream.send_frame(frame).await?;
        if left.send(frame + 1).is_err() {
            break;
        }
    }
    Ok(())
}

/// Asks to publish once the transport stands, and waits for the line.
async fn line(session: &mut Session) -> Result<Mid> {
    loop {
        match session.next().await? {
            Event::Connected => session.send(ToServer::Publish(Publish {
                request: REQUEST,
                kind: MediaKind::Video.into(),
                source: Source::Program.into(),
                width: clip::WIDTH.into(),
                height: clip::HEIGHT.into(),
                bitrate_kbps: 25_000,
                codec: "VP8".to_owned(),
                ..Publish::default()
            }))?,
            Event::Lines(lines) => {
                let line = lines
                    .iter()
                    .find(|line| line.request == REQUEST)
                    .context("another line was offered")?;
                return Ok(line.mid.as_str().into());
            }
            Event::Message(message) => refused(&message)?,
            _ => {}
        }
    }
}

fn refused(message: &FromServer) -> Result<()> {
    match message {
        FromServer::Error(error) => Err(anyhow!("the server refused to let it publish: {error:?}")),
        _ => Ok(()),
    }
}

struct Stream {
    session: Session,
    mid: Mid,
    pt: Pt,
    begin: Instant,
}

impl Stream {
    async fn send_frame(&mut self, frame: u64) -> Result<()> {
        let begin = self.begin + Duration::from_secs(1) * frame as u32 / FRAME_RATE as u32;
        let batches = FRAME_PACKETS.div_ceil(BATCH_PACKETS);
        for batch in 0..batches {
            self.wait(begin + FRAME_SPREAD * batch as u32 / batches as u32)
                .await?;
            let first = frame * FRAME_PACKETS + batch * BATCH_PACKETS;
            let end = (first + BATCH_PACKETS).min((frame + 1) * FRAME_PACKETS);
            (first..end).try_for_each(|number| self.send_packet(number))?;
        }
        Ok(())
    }

    async fn wait(&mut self, until: Instant) -> Result<()> {
        loop {
            tokio::select! {
                biased;
                event = self.session.next() => match event? {
                    Event::Message(message) => refused(&message)?,
                    _ => continue,
                },
                () = tokio::time::sleep_until(until) => return Ok(()),
            }
        }
    }

    fn send_packet(&mut self, number: u64) -> Result<()> {
        let stamp = Stamp {
            number,
            sent: since_1970(),
        };
        let time = (stamp.frame() * FRAME_TICKS) as u32;
        let packet = RtpWrite::new(
            self.pt,
            number.into(),
            time,
            std::time::Instant::now(),
            clip::payload(stamp),
        )
        .marker(stamp.is_last())
        .nackable(true);
        self.session
            .transport()
            .context("the transport is gone")?
            .send_rtp(self.mid, packet)
    }
}

/// Returns the time since 1970, by the clock with which the kernel stamps arrivals.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
