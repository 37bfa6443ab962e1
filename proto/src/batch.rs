//! A committed batch with its one encoding.

use crate::v1::CommittedBatch;
use bytes::Bytes;
use prost::Message;

/// A committed batch as the log, the fan-out and readers of the log hold it: encoded once, with the
/// facts that they need of it beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedBatch {
    first_revision: u64,
    ops: u32,
    author: u32,
    client_seq: u64,
    committed_ms: u64,
    bytes: Bytes,
}

impl EncodedBatch {
    /// Encodes a batch.
    ///
    /// # Panics
    /// If the batch has no op: such a batch has no revision.
    #[must_use]
    pub fn new(batch: &CommittedBatch) -> Self {
        Self::of(batch, batch.encode_to_vec().into())
    }

    /// Decodes a batch that was encoded before and keeps its bytes as they are.
    ///
    /// Returns `None` if the bytes are no batch, one without ops, or one whose revisions cannot be
    /// counted.
    #[must_use]
    pub fn read(bytes: Bytes) -> Option<(Self, CommittedBatch)> {
        let batch = CommittedBatch::decode(bytes.clone()).ok()?;
        batch.first_revision.checked_add(batch.ops.len() as u64)?;
        (!batch.ops.is_empty()).then(|| (Self::of(&batch, bytes), batch))
    }

    fn of(batch: &CommittedBatch, bytes: Bytes) -> Self {
        assert!(!batch.ops.is_empty(), "a committed batch has an op");
        Self {
            first_revision: batch.first_revision,
            ops: u32::try_from(batch.ops.len()).expect("limits keep a batch below 2^32 ops"),
            author: batch.author,
            client_seq: batch.client_seq,
            committed_ms: batch.committed_ms,
            bytes,
        }
    }

    /// Returns the revision of the first op.
    #[must_use]
    pub fn first_revision(&self) -> u64 {
        self.first_revision
    }

    /// Returns the revision of the last op.
    #[must_use]
    pub fn last_revision(&self) -> u64 {
        self.first_revision + u64::from(self.ops) - 1
    }

    /// Returns the number of ops in the batch, at least 1.
    #[must_use]
    pub fn ops(&self) -> u32 {
        self.ops
    }

    /// Returns the author's number; 0 for the server itself.
    #[must_use]
    pub fn author(&self) -> u32 {
        self.author
    }

    /// Returns the number that the author gave the batch.
    #[must_use]
    pub fn client_seq(&self) -> u64 {
        self.client_seq
    }

    /// Returns the server's time of the commit, milliseconds since 1970.
    #[must_use]
    pub fn committed_ms(&self) -> u64 {
        self.committed_ms
    }

    /// Returns the encoded [`CommittedBatch`].
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::Op;

    fn batch(first_revision: u64, ops: usize) -> CommittedBatch {
        CommittedBatch {
            first_revision,
            author: 7,
            client_seq: 3,
            committed_ms: 1_700_000_000_000,
            ops: vec![Op::default(); ops],
            state_hash: 5,
        }
    }

    #[test]
    fn a_batch_that_is_read_back_is_the_one_that_was_encoded() {
        let encoded = EncodedBatch::new(&batch(11, 4));
        assert_eq!(encoded.last_revision(), 14);
        let read = EncodedBatch::read(encoded.bytes().clone());
        assert_eq!(read, Some((encoded, batch(11, 4))));
    }

    #[test]
    fn bytes_that_are_no_batch_are_not_read() {
        let empty = batch(11, 0).encode_to_vec();
        let endless = batch(u64::MAX, 2).encode_to_vec();
        for bytes in [empty, endless, vec![0xff; 9]] {
            assert_eq!(EncodedBatch::read(bytes.into()), None);
        }
    }
}
