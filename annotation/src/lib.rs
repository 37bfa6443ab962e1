//! The shared document: operations, order, undo and snapshots.
//!
//! A [`Document`] is the committed state: the server's, and below every client's. It applies committed batches in
//! order of revision and says which ops may be committed. A [`Replica`] is a client's document: the committed one,
//! its own changes on top that the server has not confirmed, and what it can undo.
//!
//! The rules have ids in `docs/SPEC-annotation.md`; the tests carry them. Nothing here knows a clock, a socket, a
//! thread or a random number; the same input gives the same state on every machine and in wasm.

#![deny(clippy::iter_over_hash_type)]

mod check;
mod document;
mod error;
mod hash;
pub mod limits;
mod media;
mod object;
mod op;
mod overlay;
mod replica;
mod simplify;
mod snapshot;
mod stroke;
pub mod text;
mod transform;
pub mod version;

pub use check::Authority;
pub use document::{Author, Document};
pub use error::{ApplyError, OpError, SnapshotError};
pub use media::Media;
pub use object::{
    FrameRange, FrameStamp, FramesOf, Key, Kind, Object, ObjectId, OrderKey, PENDING, Point,
    Property, Status, Writer,
};
pub use replica::{Deferred, Lost, Received, Replica};
pub use stroke::{Drawn, Stroke};
