//! Records: batches as every store takes them, encoded and chained once.

use crate::{AppendError, Chain};
use fmz_proto::{EncodedBatch, v1::CommittedBatch};

/// Highest revision of any log: the highest integer that JavaScript counts exactly, and far from
/// overflow.
pub const REVISION_MAX: u64 = 1 << 53;

/// A place in a log between two batches, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Revision of the last op before the place; 0 at the beginning.
    pub revision: u64,
    /// Chain over everything before the place.
    pub chain: Chain,
}

/// A batch with its place in the chain of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    batch: EncodedBatch,
    chain: Chain,
}

impl Record {
    /// Returns the batch.
    pub fn batch(&self) -> &EncodedBatch {
        &self.batch
    }

    /// Returns the chain up to this batch, the batch included.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// Returns the place behind the batch.
    pub fn head(&self) -> Head {
        Head {
            revision: self.batch.last_revision(),
            chain: self.chain,
        }
    }
}

/// Records that follow each other: all that one append adds to a log. Their numbers and chain were
/// checked and made here, so that no store does it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    after: Head,
    head: Head,
    bytes: usize,
    records: Vec<Record>,
}

impl Records {
    /// Makes records of batches that follow the place `after`.
    ///
    /// # Errors
    /// [`AppendError::Invalid`] if there is no batch, if a revision is left out or given twice, or
    /// if a revision is above [`REVISION_MAX`].
    pub fn new(
        after: Head,
        batches: impl IntoIterator<Item = EncodedBatch>,
    ) -> Result<Self, AppendError> {
        let (mut head, mut bytes) = (after, 0);
        let mut records = Vec::new();
        for batch in batches {
            let follows = batch.first_revision() == head.revision + 1;
            if !follows || batch.last_revision() > REVISION_MAX {
                return Err(AppendError::Invalid);
            }
            bytes += batch.bytes().len();
            let chain = head.chain.next(batch.bytes());
            let record = Record { batch, chain };
            head = record.head();
            records.push(record);
        }
        if records.is_empty() {
            return Err(AppendError::Invalid);
        }
        Ok(Self {
            after,
            head,
            bytes,
            records,
        })
    }

    /// Returns the place that the first record follows.
    pub fn after(&self) -> Head {
        self.after
    }

    /// Returns the place behind the last record.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Returns the bytes of all batches together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the records in order.
    pub fn as_slice(&self) -> &[Record] {
        &self.records
    }

    /// Gives the records away, in order.
    pub fn into_vec(self) -> Vec<Record> {
        self.records
    }
}

/// A record as it is read back, with its batch decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The record.
    pub record: Record,
    /// Its batch.
    pub batch: CommittedBatch,
}

impl LogEntry {
    /// Reads a record from an encoded batch and the chain that was kept beside it.
    ///
    /// Returns `None` if the bytes are no batch. It is the store's part to check that the chain
    /// follows that of the batch before.
    pub fn read(bytes: bytes::Bytes, chain: Chain) -> Option<Self> {
        let (encoded, batch) = EncodedBatch::read(bytes)?;
        let record = Record {
            batch: encoded,
            chain,
        };
        Some(Self { record, batch })
    }
}

/// Returns the revision of a batch's last op.
pub fn last_revision(batch: &CommittedBatch) -> u64 {
    batch.first_revision + (batch.ops.len() as u64).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::Op;

    fn batch(first_revision: u64, ops: usize) -> EncodedBatch {
        EncodedBatch::new(&CommittedBatch {
            first_revision,
            ops: vec![Op::default(); ops],
            ..CommittedBatch::default()
        })
    }

    #[test]
    fn log3_records_follow_each_other_by_number_and_chain() {
        let one = Records::new(Head::default(), [batch(1, 2), batch(3, 1)]).unwrap();
        assert_eq!((one.after(), one.head().revision), (Head::default(), 3));
        let chain = Chain::default().next(batch(1, 2).bytes());
        assert_eq!(one.as_slice()[0].head(), Head { revision: 2, chain });
        assert_eq!(one.head().chain, chain.next(batch(3, 1).bytes()));
        let next = Records::new(one.head(), [batch(4, 1)]).unwrap();
        assert_eq!(next.after(), one.head());
        assert_eq!(next.bytes(), batch(4, 1).bytes().len());
    }

    #[test]
    fn log3_records_with_gaps_are_not_made() {
        let end = Head {
            revision: REVISION_MAX - 1,
            chain: Chain::default(),
        };
        assert!(Records::new(end, [batch(REVISION_MAX, 1)]).is_ok());
        let wrong = [
            (Head::default(), vec![]),
            (Head::default(), vec![batch(2, 1)]),
            (Head::default(), vec![batch(1, 1), batch(3, 1)]),
            (Head::default(), vec![batch(1, 2), batch(2, 1)]),
            (end, vec![batch(REVISION_MAX, 2)]),
        ];
        for (after, batches) in wrong {
            assert_eq!(Records::new(after, batches), Err(AppendError::Invalid));
        }
    }
}
