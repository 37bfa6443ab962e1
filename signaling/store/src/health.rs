//! The health of a store, for its operator.

use crate::{Losses, StoreError};

/// The health of a store.
pub trait Health: Send + Sync {
    /// Returns `Ok` if appends can still become durable.
    ///
    /// # Errors
    /// [`StoreError::Failed`] once they cannot.
    fn health(&self) -> Result<(), StoreError>;

    /// Returns the losses that were found when the store was opened and since.
    fn losses(&self) -> Losses;
}
