//! The numbers of endpoints.

/// The number of an endpoint. It is valid while the endpoint lives; a later one may get it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// Returns the slot as an index into a list with an entry for each slot.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn of(index: usize) -> Self {
        Self(u32::try_from(index).expect("there are TRANSPORTS_MAX endpoints at most"))
    }
}
