//! The state hash: 64 bits that are equal on every machine where the documents are.
//!
//! It is a sum over the document's parts, so that an op costs the hash of what it touches and not
//! of the whole. XXH3 is no cryptographic hash: this finds mistakes, not forgeries.

use crate::object::{ObjectId, Point};
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

    pub(crate) fn point(&mut self, Point { x, y }: Point) -> &mut Self {
        self.number(u64::from(x.cast_unsigned()) << 32 | u64::from(y.cast_unsigned()))
    }

    pub(crate) fn id(&mut self, id: ObjectId) -> &mut Self {
        self.number(u64::from(id.author()) << 32 | u64::from(id.counter()))
    }

    /// Takes in a number or none: none and 0 are not the same.
    pub(crate) fn option(&mut self, number: Option<u64>) -> &mut Self {
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
