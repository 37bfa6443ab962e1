//! From a request to publish to the publication: its media is durable before anybody hears of it.

use super::Room;
use crate::{Join, publication::Publication, sequencer::Refused};
use fmz_annotation::Media;
use fmz_proto::{
    LIVE_MEDIA_PREFIX,
    v1::{self, AddPublication, MediaAdded, MediaKind, Publish, op, to_sfu},
};
use std::time::Instant;

/// Bytes of the hash in the id of a live source: enough that no two ever share one.
const LIVE_BYTES: usize = 16;

/// Describes the media whose pictures are to be published. Sound has none.
pub(super) fn media_of(join: &Join, publish: &Publish) -> Option<v1::Media> {
    match &publish.media {
        _ if publish.kind() != MediaKind::Video => None,
        Some(film) => Some(film.clone()),
        None => Some(live(join, publish.request)),
    }
}

/// Describes the media of a live source. Its id follows from the page's own key, which is random,
/// and the number by which the page asks: nothing else ever has it, and the page has it again when
/// it comes back, over a restart too.
fn live(join: &Join, request: u32) -> v1::Media {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&join.session_key);
    hasher.update(&request.to_le_bytes());
    hasher.update(join.subject.as_bytes());
    let hash = hasher.finalize();
    let hex = hash.as_bytes()[..LIVE_BYTES].iter();
    let hex: String = hex.map(|byte| format!("{byte:02x}")).collect();
    v1::Media {
        id: format!("{LIVE_MEDIA_PREFIX}{hex}"),
        name: join.name.clone(),
        ..v1::Media::default()
    }
}

impl Room {
    /// Tells the forwarding unit of publications whose media is durable and whose owner has a
    /// transport. It is to be called while no append is on its way.
    pub(super) fn begin_publications(&mut self) {
        debug_assert!(
            !self.sequencer.is_flying(),
            "what the document holds is durable"
        );
        for id in self.asked() {
            let found = self.publications.get(&id);
            let found = found.filter(|found| self.has_transport(found.owner));
            match found.map(|found| self.is_known(found)) {
                Some(Ok(true)) => self.begin(&id),
                Some(Err(refused)) => self.refuse_publication(&id, refused),
                Some(Ok(false)) | None => {}
            }
        }
    }

    /// Numbers a `MediaAdded` for each publication whose media is new.
    pub(super) fn add_media(&mut self, now: Instant) {
        for id in self.asked() {
            let media = self
                .publications
                .get(&id)
                .and_then(|found| found.media.clone());
            // Another publication of the same film may have added it just now.
            let new = |media: &v1::Media| self.document().media(&media.id).is_none();
            let Some(media) = media.filter(new) else {
                continue;
            };
            let added = op::Op::MediaAdded(MediaAdded { media: Some(media) });
            let ms = self.unix_ms(now);
            let numbered = self.sequencer.number_own(added, ms, now);
            if let Err(refused) = numbered {
                self.refuse_publication(&id, refused);
            }
        }
    }

    /// Returns the publications that the forwarding unit was not told of yet.
    fn asked(&self) -> Vec<String> {
        let asked = |publication: &&Publication| publication.asked.is_some();
        let ids = self.publications.values().filter(asked);
        ids.map(|found| found.state.publication.clone()).collect()
    }

    /// Returns whether the document has the media of a publication, or it needs none.
    fn is_known(&self, publication: &Publication) -> Result<bool, Refused> {
        let Some(media) = &publication.media else {
            return Ok(true);
        };
        match self.document().media(&media.id) {
            Some(known) => same(known, media).map(|()| true),
            None => Ok(false),
        }
    }

    fn begin(&mut self, publication: &str) {
        let Some(found) = self.publications.get_mut(publication) else {
            return;
        };
        let (owner, publish) = (found.owner, found.asked.take());
        self.tell_sfu(to_sfu::Message::AddPublication(AddPublication {
            room: self.info.room.clone(),
            session: self.on_link(owner),
            publication: publication.into(),
            publish,
        }));
    }

    fn refuse_publication(&mut self, publication: &str, refused: Refused) {
        if let Some(gone) = self.publications.remove(publication) {
            self.send_error(gone.owner, refused.code, refused.text, gone.request);
        }
    }
}

/// Refuses a film that does not count like the media with its id: marks would stand on other
/// frames.
fn same(known: &Media, film: &v1::Media) -> Result<(), Refused> {
    let told = Media::try_from(film).map_err(|error| Refused {
        code: error.code(),
        text: error.to_string(),
    })?;
    if told.counts_like(known) {
        return Ok(());
    }
    let (id, known, told) = (&known.id, count(known), count(&told));
    Err(Refused {
        code: "media_differs",
        text: format!(
            "the media {id} of this room has {known}, and this film {told}: publish it under another id"
        ),
    })
}

fn count(media: &Media) -> String {
    let Media {
        num,
        den,
        frames,
        start_timecode,
        drop_frame,
        ..
    } = media;
    let drop = if *drop_frame { ", drop frame" } else { "" };
    format!("{frames} frames at {num}/{den} a second from timecode frame {start_timecode}{drop}")
}
