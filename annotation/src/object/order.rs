//! Places in the drawing order.

use crate::OpError;
use crate::limits::REVISION_MAX;
use fmz_proto::WireError;
use fmz_proto::limits::ORDER_BYTES_MAX;

/// Bytes that count up if there is no neighbour: 16 million steps before a key grows.
const STEP_BYTES: usize = 4;

/// A place in the drawing order: compared byte by byte, at most 32, not ending
/// in 0. Empty: as created.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderKey(pub(crate) Vec<u8>);

impl OrderKey {
    /// Returns the key of an object that this revision created and that was given none. An object
    /// that is not confirmed counts as the last that can be.
    pub(crate) fn created(revision: u64) -> Self {
        Self(revision.min(REVISION_MAX).to_be_bytes().to_vec())
    }

    /// Makes a key that lies between two; without `before` or `after`, at that end of the order.
    /// The key is at most a byte longer than the longer of two. With one, it is four bytes longer
    /// than the bytes at which that one is at the end of the order.
    ///
    /// # Errors
    /// [`OpError::Field`] if `before` does not lie before `after`; [`OpError::OrderExhausted`] if
    /// no key of at most [`ORDER_BYTES_MAX`] bytes lies between.
    pub fn between(before: Option<&[u8]>, after: Option<&[u8]>) -> Result<Self, OpError> {
        if before
            .zip(after)
            .is_some_and(|(before, after)| before >= after)
        {
            return Err(WireError::OutOfRange { field: "order" }.into());
        }
        let key = match (before, after) {
            (Some(before), Some(after)) => middle(before, after),
            (Some(before), None) => Some(step(before, u8::MAX, |window| window + 1)),
            (None, Some(after)) => below(after),
            (None, None) => Some(vec![0x80]),
        };
        let key = key.filter(|key| key.len() <= ORDER_BYTES_MAX);
        key.map(Self).ok_or(OpError::OrderExhausted)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Makes a key below another. Nothing lies below a key of zeros.
fn below(after: &[u8]) -> Option<Vec<u8>> {
    let some = after.iter().any(|&byte| byte > 0);
    some.then(|| step(after, 0, |window| window - 1))
}

/// Makes a step: the bytes at the end of the order stay, and the number behind them goes one up or
/// down.
fn step(key: &[u8], end: u8, by_one: fn(u32) -> u32) -> Vec<u8> {
    let stay = key.iter().take_while(|&&byte| byte == end).count();
    let mut window = [0; STEP_BYTES];
    for (to, from) in window.iter_mut().zip(&key[stay..]) {
        *to = *from;
    }
    let mut window = by_one(u32::from_be_bytes(window));
    if window.is_multiple_of(256) {
        window = by_one(window);
    }
    let mut stepped = vec![end; stay];
    stepped.extend(window.to_be_bytes());
    stepped
}

/// Keeps the bytes with which both begin, then halves the gap. Returns `None` if the second adds
/// only zeros to the first.
fn middle(before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    let mut above = Some(after);
    loop {
        let at = key.len();
        let low = u16::from(before.get(at).copied().unwrap_or_default());
        let high = match above {
            Some(after) => u16::from(*after.get(at)?),
            None => 256,
        };
        let half = low.midpoint(high);
        // Half of a gap of at most 256 that begins below 255 is a byte.
        key.push(half as u8);
        if half > low {
            return Some(key);
        }
        above = above.filter(|_| low == high);
    }
}
