//! Ops and committed batches with their one encoding.

use crate::v1::{CommittedBatch, Op};
use bytes::Bytes;
use prost::Message;

/// Bytes that the fields before the ops take at most: three varints of 64 bits, one of 32, and the
/// key of each.
const HEAD_BYTES_MAX: usize = 3 * 10 + 5 + 4;
/// Bytes that the field behind the ops takes: a fixed number of 64 bits and its key.
const HASH_BYTES: usize = 8 + 1;
/// Bytes of most ops: an append of a few points.
const OP_BYTES: usize = 32;

/// Ops as a committed batch holds them, encoded once: a batch is put together from these bytes
/// when the ops have got their place in the order. There is at least one op.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedOps {
    count: u32,
    /// Room of [`HEAD_BYTES_MAX`] for the fields before the ops, then the field `ops` of a
    /// [`CommittedBatch`], once for each op.
    bytes: Vec<u8>,
}

impl EncodedOps {
    /// Encodes ops.
    ///
    /// # Panics
    /// If there is no op.
    #[must_use]
    pub fn new(ops: Vec<Op>) -> Self {
        let count = count(&ops);
        // A batch that has nothing but ops is encoded as its ops alone.
        let alone = CommittedBatch {
            ops,
            ..CommittedBatch::default()
        };
        let room = HEAD_BYTES_MAX + OP_BYTES * count as usize + HASH_BYTES;
        let mut bytes = Vec::with_capacity(room);
        bytes.resize(HEAD_BYTES_MAX, 0);
        alone.encode(&mut bytes).expect("a Vec grows as needed");
        Self { count, bytes }
    }
}

/// Returns the number of a batch's ops.
fn count(ops: &[Op]) -> u32 {
    assert!(!ops.is_empty(), "a committed batch has an op");
    u32::try_from(ops.len()).expect("limits keep a batch below 2^32 ops")
}

/// A committed batch as the log, the fan-out and a reader of the log hold it: encoded once, with
/// what they ask about it beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedBatch {
    first_revision: u64,
    ops: u32,
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
        Self::of(batch, count(&batch.ops), batch.encode_to_vec().into())
    }

    /// Puts a batch together from the fields of `head` and from ops that were encoded before. The
    /// bytes are those that [`Self::new`] makes of the same batch.
    ///
    /// # Panics
    /// If `head` has ops of its own.
    #[must_use]
    pub fn with_ops(mut head: CommittedBatch, ops: EncodedOps) -> Self {
        assert!(head.ops.is_empty(), "the ops come encoded");
        // Fields are encoded in the order of their numbers: the hash is the last, behind the ops.
        let last = CommittedBatch {
            state_hash: std::mem::take(&mut head.state_hash),
            ..CommittedBatch::default()
        };
        let EncodedOps { count, mut bytes } = ops;
        last.encode(&mut bytes).expect("a Vec grows as needed");
        let start = HEAD_BYTES_MAX - head.encoded_len();
        let mut room = &mut bytes[start..HEAD_BYTES_MAX];
        head.encode(&mut room).expect("it is as long as the head");
        Self::of(&head, count, Bytes::from(bytes).slice(start..))
    }

    /// Decodes a batch that was encoded before and keeps its bytes as they are.
    ///
    /// Returns `None` if the bytes are no batch, one without ops, or one whose revisions cannot be
    /// counted.
    #[must_use]
    pub fn read(bytes: Bytes) -> Option<(Self, CommittedBatch)> {
        let batch = CommittedBatch::decode(bytes.clone()).ok()?;
        batch.first_revision.checked_add(batch.ops.len() as u64)?;
        (!batch.ops.is_empty()).then(|| (Self::of(&batch, count(&batch.ops), bytes), batch))
    }

    /// Decodes the batch again.
    #[must_use]
    pub fn decode(&self) -> CommittedBatch {
        CommittedBatch::decode(self.bytes.clone()).expect("the bytes are those of a batch")
    }

    fn of(batch: &CommittedBatch, ops: u32, bytes: Bytes) -> Self {
        Self {
            first_revision: batch.first_revision,
            ops,
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
    use crate::v1::{Set, op};
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_batch_of_encoded_ops_is_that_of_its_ops(
            (first_revision, author, client_seq) in any::<(u64, u32, u64)>(),
            (committed_ms, state_hash) in any::<(u64, u64)>(),
            ids in proptest::collection::vec(any::<(u32, u32)>(), 1..9),
        ) {
            let op = |(author, counter)| Op {
                op: Some(op::Op::Set(Set {
                    id: Some(crate::v1::ObjectId { author, counter }),
                    property: None,
                })),
            };
            let ops: Vec<Op> = ids.into_iter().map(op).collect();
            let head = CommittedBatch {
                first_revision,
                author,
                client_seq,
                committed_ms,
                ops: vec![],
                state_hash,
            };
            let whole = CommittedBatch { ops: ops.clone(), ..head.clone() };
            let together = EncodedBatch::with_ops(head, EncodedOps::new(ops));
            prop_assert_eq!(&together, &EncodedBatch::new(&whole));
            prop_assert_eq!(together.decode(), whole);
        }
    }
}
