//! The state hash: 64 bits that are equal on every machine where the documents are.
//!
//! It is a sum over the document's parts, so that an op costs the hash of what it touches and not
//! of the whole. XXH3 is no cryptographic hash: this finds mistakes, not forgeries.

use crate::document::Author;
use crate::media::Media;
use crate::object::{Object, ObjectId, Point, Property};
use crate::version::Version;
use twox_hash::XxHash3_64;

/// What a hash begins with, so that parts of different sorts never count as each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sort {
    Object = 1,
    Author = 2,
    Document = 3,
    Points = 4,
    Version = 5,
    Media = 6,
}

/// Bytes that are hashed in one go: the longest input of XXH3's short and fast form.
const BLOCK_BYTES: usize = 240;

/// A hash that takes in one value after the other.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    /// Hash of the blocks so far.
    seed: u64,
    block: [u8; BLOCK_BYTES],
    filled: usize,
}

impl Fold {
    pub(crate) fn new(sort: Sort) -> Self {
        Self {
            seed: sort as u64,
            block: [0; BLOCK_BYTES],
            filled: 0,
        }
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        let bytes = number.to_le_bytes();
        // Of a length known beforehand, which is most of what is hashed.
        match self.block[self.filled..].first_chunk_mut() {
            Some(place) => {
                *place = bytes;
                self.filled += bytes.len();
                self
            }
            None => self.put(&bytes),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).put(bytes)
    }

    fn point(&mut self, Point { x, y }: Point) -> &mut Self {
        self.number(u64::from(x.cast_unsigned()) << 32 | u64::from(y.cast_unsigned()))
    }

    fn id(&mut self, id: ObjectId) -> &mut Self {
        self.number(u64::from(id.author()) << 32 | u64::from(id.counter()))
    }

    /// Nothing and 0 are not the same.
    fn option(&mut self, number: Option<u64>) -> &mut Self {
        match number {
            None => self.number(0),
            Some(number) => self.number(1).number(number),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.filled == BLOCK_BYTES {
                (self.seed, self.filled) = (self.value(), 0);
            }
            let (now, later) = rest.split_at(rest.len().min(BLOCK_BYTES - self.filled));
            self.block[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
        }
        self
    }

    pub(crate) fn value(&self) -> u64 {
        XxHash3_64::oneshot_with_seed(self.seed, &self.block[..self.filled])
    }
}

/// The hash of a stroke's points, which goes on with each append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PointsFold(u64);

impl PointsFold {
    pub(crate) fn new() -> Self {
        Self(Sort::Points as u64)
    }

    pub(crate) fn pressed(self, Point { x, y }: Point, pressure: u8) -> Self {
        let [x, y] = [x, y].map(i32::to_le_bytes);
        let mut bytes = [pressure; 9];
        bytes[..4].copy_from_slice(&x);
        bytes[4..8].copy_from_slice(&y);
        Self(XxHash3_64::oneshot_with_seed(self.0, &bytes))
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

impl Media {
    /// Returns the hash of all that a snapshot says of the media.
    pub(crate) fn hash(&self) -> u64 {
        Fold::new(Sort::Media)
            .bytes(self.id.as_bytes())
            .bytes(self.name.as_bytes())
            .number(self.num.into())
            .number(self.den.into())
            .number(self.start_timecode.into())
            .number(self.drop_frame.into())
            .number(self.frames.into())
            .bytes(self.reel.as_bytes())
            .value()
    }
}

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

impl Author {
    /// Hash of all that a snapshot says of the author.
    pub(crate) fn hash(&self, number: u32) -> u64 {
        Fold::new(Sort::Author)
            .number(number.into())
            .bytes(self.identity.as_bytes())
            .bytes(self.name.as_bytes())
            .bytes(&self.session_key)
            .number(self.last_client_seq)
            .value()
    }
}

impl Version {
    /// Hash of all that a snapshot says of the version.
    pub(crate) fn hash(&self) -> u64 {
        Fold::new(Sort::Version)
            .number(self.id.get())
            .option(self.base.map(|base| base.get()))
            .number(self.revision)
            .number(self.author.into())
            .bytes(self.name.as_bytes())
            .bytes(self.message.as_bytes())
            .number(self.committed_ms)
            .number(self.state_hash)
            .number(self.automatic.into())
            .value()
    }
}
