//! Judges media: each is durable before any page hears of it, and no page gets another page's live
//! media.

use super::{Invariant, Judge};
use crate::film::{FILMS, film};
use fmz_proto::{
    LIVE_MEDIA_PREFIX,
    v1::{CommittedBatch, Media, MediaAdded, Publication, Source},
};

impl Judge {
    /// Checks ids: the server chooses that of a live source, publishers that of a film.
    pub(super) fn judge_media(&mut self, added: &MediaAdded, batch: &CommittedBatch) {
        let Some(media) = &added.media else {
            self.find(Invariant::Authority, "a media is nothing".into());
            return;
        };
        let right = match FILMS.contains(&media.id.as_str()) {
            true => *media == film(&media.id),
            false => media.id.starts_with(LIVE_MEDIA_PREFIX) && (media.num, media.frames) == (0, 0),
        };
        if !right {
            let text = format!("revision {} adds {media:?}", batch.first_revision);
            self.find(Invariant::Authority, text);
        }
        let Media { id, .. } = media;
        self.media.insert(id.clone(), batch.first_revision);
    }

    /// Checks a publication that a page is told of: its media is durable, and a live one belongs to
    /// no other page.
    pub(crate) fn shown_publication(&mut self, publication: &Publication) {
        let (media, id) = (&publication.media, &publication.publication);
        let added = self.media.get(media);
        if added.is_none_or(|revision| *revision > self.durable) {
            let text = format!("{id} shows {media}, which is not on disk for good");
            self.find(Invariant::Durable, text);
            return;
        }
        let film = FILMS.contains(&media.as_str());
        if film != (publication.source() == Source::Program) {
            let text = format!("{id} shows {media}");
            self.find(Invariant::Authority, text);
            return;
        }
        let Some(page) = self.participants.get(&publication.participant) else {
            return;
        };
        if !film && *self.live.entry(media.clone()).or_insert(*page) != *page {
            let text = format!("{media} of another page is given to {id} of page {page}");
            self.find(Invariant::Authority, text);
        }
    }
}
