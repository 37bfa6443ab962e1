//! What the document and its replicas promise, through their verbs. Rule ids are those of
//! `docs/SPEC-annotation.md`.

mod converge;
mod copies;
mod frame_stamp;
mod front;
mod hash;
mod held;
mod kinds;
mod make;
mod media;
mod ops;
mod order;
mod peer;
mod replica;
mod resume;
mod revert;
mod revert_random;
mod revert_runs;
mod room;
mod snapshot;
mod text;
mod text_undo;
mod transform;
mod undo;
mod version;
