//! Publishes a film from a file in real time, looped without re-encoding; timestamps run on across
//! the loop.

mod film;
mod pacer;
mod timeline;

use crate::{Binding, Client, ClientError, LocalTrack, OutgoingPacket};
use bytes::Bytes;
use film::Film;
pub use film::{FilmError, FilmOptions};
use fmz_media::Codec;
use fmz_proto::v1;
use pacer::Pacer;
use rtc::rtp::codec::vp8::Vp8Payloader;
use rtc::rtp::packetizer::Payloader;
use std::path::Path;
use std::time::Duration;
use timeline::{Picture, Timeline};
use tokio::time::{Instant, sleep_until};

/// Bytes of RTP payload. With headers, extensions and the SRTP tag a packet stays below 1,200
/// bytes, which every path carries.
const PAYLOAD_BYTES: usize = 1140;
/// Longest delay that the publisher makes up for by sending faster. After a longer one (the machine
/// slept, or the transport hung) it moves its schedule instead of sending a burst.
const LATE_MAX: Duration = Duration::from_millis(500);

/// Reasons for which a film is no longer published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The file failed.
    #[error(transparent)]
    Film(#[from] FilmError),
    /// The session failed.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl PublishError {
    /// Returns the stable name of the error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Film(error) => error.code(),
            Self::Client(error) => error.code(),
        }
    }
}

/// Publishes an IVF file of VP8 pictures in a loop, until the session ends or the future is
/// dropped.
///
/// The file's first picture must be a keyframe. Requests for keyframes are not answered: viewers
/// wait for the next keyframe in the file.
///
/// # Errors
/// [`PublishError`]. The function returns only with an error.
pub async fn publish_file(
    client: &Client,
    path: &Path,
    options: &FilmOptions,
) -> Result<(), PublishError> {
    let film = Film::open(path).await?;
    let media = film.media(options);
    tracing::info!(?film, media.id, "publishing");
    let publish = v1::Publish {
        media: Some(media.clone()),
        ..film.describe()
    };
    let track = client.publish(publish, Codec::Vp8).await?;
    let timeline = Timeline::new(film.rate(), film.frames(), rand::random());
    let mut payloader = Vp8Payloader::default();
    payloader.enable_picture_id = true;
    let publisher = Publisher {
        client,
        track,
        told: (0, 0),
        sequence: rand::random(),
        payloader,
        started: Instant::now(),
        pacer: Pacer::new(film.rate()),
        timeline,
        start_timecode: media.start_timecode,
    };
    publisher.run(film).await
}

struct Publisher<'a> {
    client: &'a Client,
    track: LocalTrack,
    /// Generation of the binding, and epoch of the newest map that was sent for it.
    told: (u64, u32),
    sequence: u16,
    payloader: Vp8Payloader,
    started: Instant,
    pacer: Pacer,
    timeline: Timeline,
    /// Frame number of the film's first timecode.
    start_timecode: u32,
}

impl Publisher<'_> {
    async fn run(mut self, film: Film) -> Result<(), PublishError> {
        self.track.bound().await?;
        self.started = Instant::now();
        let mut pictures = film.pictures();
        loop {
            let picture = self.timeline.next_picture();
            let data = pictures.next().await?;
            self.tell_maps(&picture).await?;
            self.send(&picture, data).await?;
        }
    }

    /// Sends the current map to a new binding, and the next loop's map shortly before that loop
    /// begins.
    async fn tell_maps(&mut self, picture: &Picture) -> Result<(), PublishError> {
        let Some(binding) = self.binding()? else {
            return Ok(());
        };
        let (generation, newest) = self.told;
        let newest = if generation == binding.generation() {
            newest
        } else {
            0
        };
        for mut map in self.timeline.maps(picture) {
            if map.epoch > newest {
                map.publication = binding.publication().into();
                map.start_timecode = self.start_timecode;
                self.told = (binding.generation(), map.epoch);
                self.client.frame_map(map).await?;
            }
        }
        Ok(())
    }

    /// Returns the current binding. Between two bindings the film goes on unseen, as a live picture
    /// does.
    fn binding(&self) -> Result<Option<Binding>, ClientError> {
        self.track.check()?;
        Ok(self.track.binding())
    }

    async fn send(&mut self, picture: &Picture, data: Bytes) -> Result<(), PublishError> {
        let payloads = self.payloader.payload(PAYLOAD_BYTES, &data);
        let payloads = payloads.map_err(ClientError::Transport)?;
        self.catch_up(picture.due);
        let binding = self.binding()?;
        let last = payloads.len().saturating_sub(1);
        for batch in self.pacer.batches(picture.due, payloads.len()) {
            sleep_until(self.started + batch.due).await;
            for index in batch.packets {
                let packet = OutgoingPacket {
                    sequence: self.sequence,
                    timestamp: picture.timestamp,
                    marker: index == last,
                    payload: payloads[index].clone(),
                };
                // Between two bindings the packet is dropped. It uses no sequence number, so that
                // receivers see no loss.
                let Some(binding) = &binding else { continue };
                self.sequence = self.sequence.wrapping_add(1);
                if let Err(error) = binding.send(packet).await {
                    tracing::debug!(%error, "packet not sent");
                }
            }
        }
        Ok(())
    }

    /// Moves the start so that a picture which is more than [`LATE_MAX`] late is due now.
    fn catch_up(&mut self, due: Duration) {
        let late = Instant::now().saturating_duration_since(self.started + due);
        if late > LATE_MAX {
            tracing::warn!(?late, "publisher was held up");
            self.started += late;
        }
    }
}
