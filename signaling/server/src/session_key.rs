//! The session key: 16 random bytes by which the server recognises a page after a reconnect.

use aws_lc_rs::digest;
use bytes::Bytes;
use fmz_proto::limits;

/// Returns the form of a session key that documents hold: the first 16 bytes of its SHA-256.
///
/// Everyone in a room sees the keys in its document. So those must not be the keys that prove to be
/// an author: people who came by the same link have the same subject.
pub(crate) fn public(session_key: &[u8]) -> Bytes {
    let digest = digest::digest(&digest::SHA256, session_key);
    Bytes::copy_from_slice(&digest.as_ref()[..limits::SESSION_KEY_BYTES])
}
