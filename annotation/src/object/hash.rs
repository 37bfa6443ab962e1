//! The hash of an object.

use super::{Object, Property};
use crate::fold::{Fold, Sort};

impl Object {
    /// Hash of all that a snapshot says of the object.
    pub(crate) fn hash(&self) -> u64 {
        let mut fold = Fold::new(Sort::Object);
        fold.id(self.id)
            .number(self.kind.to_wire() as u64)
            .number(self.created_revision)
            .number(self.created_ms);
        match self.parent {
            None => fold.number(0),
            Some(parent) => fold.number(1).id(parent),
        };
        self.fold_frame(&mut fold);
        self.fold_properties(&mut fold);
        self.fold_stroke(&mut fold);
        fold.value()
    }

    /// Takes in the stamp. Its flags stand above the 32 bits of the epoch, so that a document
    /// without one keeps the hash that older logs and versions have of it.
    fn fold_frame(&self, fold: &mut Fold) {
        let stamp = &self.frame;
        let has_media = !stamp.media.is_empty();
        let flags = u64::from(stamp.uncertain) << 32 | u64::from(has_media) << 33;
        fold.bytes(stamp.publication.as_bytes())
            .number(stamp.rtp_timestamp.cast_unsigned())
            .option(stamp.frame_index.map(u64::from))
            .number(flags | u64::from(stamp.epoch));
        if has_media {
            fold.bytes(stamp.media.as_bytes());
        }
    }

    fn fold_properties(&self, fold: &mut Fold) {
        for property in self.properties.iter() {
            property.fold(fold.number(property.key() as u64));
        }
        for (key, writer) in self.writers.iter() {
            let fold = fold.number(key as u64).number(writer.revision);
            fold.number(writer.author.into());
        }
    }

    fn fold_stroke(&self, fold: &mut Fold) {
        if let Some(stroke) = &self.stroke {
            fold.number(stroke.points().len() as u64)
                .number(stroke.points_hash())
                .number(stroke.pressure().is_empty().into())
                .number(stroke.ended().into())
                .number(self.points_restored);
        }
    }
}

impl Property {
    fn fold(&self, fold: &mut Fold) {
        match self {
            Self::Color(number)
            | Self::Width(number)
            | Self::Softness(number)
            | Self::Redaction(number) => fold.number((*number).into()),
            Self::Start(point) | Self::End(point) | Self::Offset(point) => fold.point(*point),
            Self::Text(words) | Self::Assignee(words) | Self::Stamp(words) => {
                fold.bytes(words.as_bytes())
            }
            Self::Hold(range) => {
                fold.option(range.map(|range| u64::from(range.first) << 32 | u64::from(range.last)))
            }
            Self::Order(key) => fold.bytes(key.as_bytes()),
            Self::Status(status) => fold.number(status.to_wire() as u64),
            Self::Deleted(deleted) => fold.number((*deleted).into()),
        };
    }
}
