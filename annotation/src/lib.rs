//! The shared document: operations, order, undo and snapshots.
//!
//! A [`Document`] is the committed state: the server's, and below every client's. It applies
//! committed batches in order of revision and says which ops may be committed. A [`Replica`] is a
//! client's document: the committed one, its own changes on top that the server has not
//! confirmed, and what it can undo.
//!
//! The rules have ids in `docs/SPEC-annotation.md`; the tests carry them. Nothing here knows
//! a clock, a socket, a thread or a random number; the same input gives the same state on
//! every machine and in wasm.
//!
//! # Order of the modules
//! Each imports only what stands before it, so nothing that holds state knows who checks it.
//!
//! ```text
//! object/place   ids, points, stamps          fold     hashes      text   edits
//!        |                                      |                    |
//!        +---------> stroke <-------------------+                    |
//!                      |                                             |
//!                    object ---> op <--- version (its types), media -+
//!                                |
//!                            document            state, and how a checked op is written
//!                                |
//!                             overlay            the same with pending ops on top
//!                                |
//!                              check             what may be committed
//!                                |
//!          document/{prepare, apply}, transform, snapshot, version/{diff, restores}
//!                                |
//!                             replica
//! ```
//!
//! # Example
//! Ada draws a rectangle: she sees it at once, the server gives it a revision, and her
//! replica learns that it counts.
//!
//! ```
//! use fmz_annotation::{Authority, Document, OpError, Ops, Replica};
//! use fmz_proto::v1::{self, op};
//!
//! // A room puts ops into the one order: it checks them, and commits them.
//! fn commit(
//!     server: &mut Document,
//!     author: u32,
//!     client_seq: u64,
//!     ops: Vec<v1::Op>,
//! ) -> Result<v1::CommittedBatch, OpError> {
//!     let prepared = server.prepare(author, Authority::Author, Ops::check(ops)?)?;
//!     Ok(server.commit(prepared, client_seq, 0, false).decode())
//! }
//!
//! let mut server = Document::new();
//! let author = v1::AuthorAdded {
//!     author: 1,
//!     identity: "ada".into(),
//!     name: "Ada".into(),
//!     session_key: vec![1; 16].into(),
//! };
//! commit(&mut server, 0, 0, vec![v1::Op { op: Some(op::Op::AuthorAdded(author)) }])?;
//!
//! let mut replica = Replica::new();
//! let _ = replica.set_author(1, 0);
//! let _ = replica.load(server.snapshot())?;
//!
//! let frame = v1::FrameStamp { publication: "film".into(), ..v1::FrameStamp::default() };
//! let create = v1::Create {
//!     id: replica.next_id().as_ref().map(Into::into),
//!     kind: v1::Kind::Rectangle.into(),
//!     frame: Some(frame),
//!     ..v1::Create::default()
//! };
//! replica.submit(&[v1::Op { op: Some(op::Op::Create(create)) }])?;
//! assert_eq!(replica.pending_count(), 1);
//!
//! let batch = replica.take_batch(20).expect("an op waits");
//! let committed = commit(&mut server, 1, batch.client_seq, batch.ops)?;
//! replica.receive(&v1::Committed { batches: vec![committed] })?;
//! assert_eq!(replica.pending_count(), 0);
//! assert_eq!(replica.document().state_hash(), server.state_hash());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(clippy::iter_over_hash_type)]

mod authority;
mod check;
mod document;
mod error;
mod fold;
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

pub use authority::Authority;
pub use document::{Author, Document, Prepared};
pub use error::{ApplyError, OpError, SnapshotError};
pub use media::Media;
pub use object::{
    FrameRange, FrameStamp, FramesOf, Key, Kind, Object, ObjectId, OrderKey, PENDING, Point,
    Property, Status, Writer,
};
pub use op::Ops;
pub use replica::{Lost, Received, Replica};
pub use stroke::{Drawn, Stroke};
