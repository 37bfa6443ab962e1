//! The wire of fmz: generated messages, the frame around them, and every size limit.
//!
//! This crate turns the bytes of the room protocol into types and checks them. Start at
//! [`read_client`] and [`encode`]. It holds no state and does no IO.

mod batch;
mod client;
mod error;
mod frame;
pub mod limits;
pub mod points;
mod validate;

pub use batch::{EncodedBatch, EncodedOps};
pub use client::{ClientBatch, FromClient, ValidOps};
pub use error::WireError;
pub use frame::{
    Role, committed_len, decode, decode_client, decode_server, encode, encode_client,
    encode_committed, encode_server, read_client,
};
pub use prost::Message;
pub use validate::{
    LIVE_MEDIA_PREFIX, is_film_id, is_media_id, validate_batch, validate_media, validate_op,
    validate_property, validate_stamp, validate_text_edit,
};

/// Messages generated from `proto/fmz/v1/*.proto`.
#[allow(
    missing_docs,
    clippy::all,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code; the schema carries the documentation"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/fmz.v1.rs"));
}
