//! Publishing by a page, and the publications that it shows.

use super::Page;
use crate::{
    film::{FILMS, film},
    judge::Judge,
    plant::Plant,
};
use fmz_proto::{
    LIVE_MEDIA_PREFIX,
    v1::{self, MediaKind, Publication, Publish, Source, client_message::Message, op},
};

impl Page {
    /// Asks to publish on a new transport: a film or a camera. No random number is drawn, so that
    /// old seeds keep their meaning.
    pub(super) fn publish(&mut self) {
        self.screen.transports += 1;
        // Request numbers repeat. A camera published again under its number is the same source.
        let request = 1 + self.screen.transports % 3;
        let which = self.index + request as usize;
        let media = which.is_multiple_of(2).then(|| film(FILMS[which / 2 % 2]));
        let source = match media {
            Some(_) => Source::Program,
            None => Source::Camera,
        };
        let publish = Publish {
            request,
            kind: MediaKind::Video.into(),
            source: source.into(),
            media,
            ..Publish::default()
        };
        self.say(Message::Publish(publish));
    }

    /// Shows the newest publication.
    pub(super) fn show(&mut self, publication: &Publication, judge: &mut Judge) {
        let mut told = publication.clone();
        if told.media.starts_with(LIVE_MEDIA_PREFIX) {
            let first = self.screen.first_live.get_or_insert(told.media.clone());
            if self.plant == Some(Plant::ReuseMedia) {
                told.media.clone_from(first);
            }
        }
        judge.shown_publication(&told);
        self.screen.publication = told.publication;
        self.screen.media = told.media;
    }

    pub(super) fn hide(&mut self, publication: &str) {
        if self.screen.publication == publication {
            (self.screen.publication, self.screen.media) = Default::default();
        }
    }

    /// Returns the media on the screen, else a film that may never have been sent.
    pub(super) fn media(&self) -> String {
        match self.screen.media.as_str() {
            "" => FILMS[0].into(),
            media => media.into(),
        }
    }

    /// Returns the stamp as it is on the picture on the screen.
    pub(super) fn seen(&self, mut stamp: v1::FrameStamp) -> v1::FrameStamp {
        if !self.screen.media.is_empty() {
            stamp.publication.clone_from(&self.screen.publication);
            stamp.media.clone_from(&self.screen.media);
        }
        stamp
    }

    /// Returns the ops as made on the picture on the screen.
    pub(super) fn on_screen(&self, ops: &[v1::Op]) -> Vec<v1::Op> {
        let mut ops = ops.to_vec();
        for op in &mut ops {
            if let Some(op::Op::Create(create)) = &mut op.op {
                create.frame = create.frame.take().map(|stamp| self.seen(stamp));
            }
        }
        ops
    }
}
