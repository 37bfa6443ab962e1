//! The rooms that exist.

use crate::{Answer, CatalogError};
use fmz_proto::v1::StoredRoom;

/// Most rooms in a catalog: a list of them still fits into one answer.
pub const ROOMS_MAX: usize = 100_000;

/// The rooms that exist.
pub trait Catalog: Send + Sync {
    /// Adds a room. `Ok` means durable.
    ///
    /// # Errors
    /// [`CatalogError`].
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>>;

    /// Returns all rooms in order of name.
    ///
    /// # Errors
    /// [`CatalogError::Failed`].
    fn rooms(&self) -> Answer<Result<Vec<StoredRoom>, CatalogError>>;

    /// Returns a room, or `None` if there is none of this name.
    ///
    /// # Errors
    /// [`CatalogError::Failed`].
    fn room(&self, room: &str) -> Answer<Result<Option<StoredRoom>, CatalogError>>;
}
