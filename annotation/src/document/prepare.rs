//! Ops on their way into the one order: prepared, then committed.

use super::Document;
use crate::OpError;
use crate::authority::{Authority, Sender};
use crate::check::{Draft, Rules};
use crate::op::{Batch, Op, Ops};
use crate::overlay::{self, Overlay, View};
use fmz_proto::{EncodedBatch, limits::CLEAR_OBJECTS_MAX, v1};

/// Ops that may be committed next, and what they are then: a clear names what it deletes.
///
/// Only [`Document::prepare`] makes one, and only [`Document::commit`] takes it, so ops that were
/// not checked against the document cannot be committed.
#[derive(Debug)]
#[must_use]
pub struct Prepared {
    /// The state against which they were checked.
    state: State,
    author: u32,
    ops: Ops,
}

/// A state of a document: all by which two states of the same log can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    revision: u64,
    parts_hash: u64,
}

impl Prepared {
    /// Returns how many ops there are, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "there is always an op")]
    pub fn len(&self) -> usize {
        self.ops.len()
    }
}

impl Document {
    /// Checks ops of an author and makes of them what is to be committed: a clear names what it
    /// deletes. Author 0 is the server itself.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not be committed.
    pub fn prepare(
        &self,
        author: u32,
        authority: Authority,
        mut ops: Ops,
    ) -> Result<Prepared, OpError> {
        let mut draft = Draft::new(self.view(), Rules::Sender(authority), author);
        draft.sender()?;
        let mut clears = false;
        for op in ops.as_slice() {
            draft.check(op)?;
            clears |= matches!(op, Op::Clear(_));
        }
        if clears {
            let sender = Sender { author, authority };
            ops.change(|ops| self.name_cleared(sender, ops));
        }
        Ok(Prepared {
            state: self.state(),
            author,
            ops,
        })
    }

    /// Commits ops: they are the next revisions of the document. `client_seq` is the number that
    /// their author gave the batch, and `committed_ms` the server's time, milliseconds since 1970.
    /// If `hashed`, the batch carries the hash of the document behind it.
    ///
    /// # Panics
    /// If the document has changed since the ops were prepared, or if a batch of this author with
    /// the same number or a higher one was committed before.
    pub fn commit(
        &mut self,
        prepared: Prepared,
        client_seq: u64,
        committed_ms: u64,
        hashed: bool,
    ) -> EncodedBatch {
        let Prepared { state, author, ops } = prepared;
        assert_eq!(
            state,
            self.state(),
            "ops are committed on what they were checked against"
        );
        let (ops, encoded) = ops.into_parts();
        let batch = Batch {
            first_revision: self.revision + 1,
            author,
            client_seq,
            committed_ms,
            state_hash: 0,
            ops,
        };
        self.write_batch(&batch);
        let head = v1::CommittedBatch {
            first_revision: batch.first_revision,
            author,
            client_seq,
            committed_ms,
            ops: Vec::new(),
            state_hash: if hashed { self.state_hash() } else { 0 },
        };
        EncodedBatch::with_ops(head, encoded)
    }

    fn state(&self) -> State {
        State {
            revision: self.revision,
            parts_hash: self.parts_hash,
        }
    }

    /// Names what each clear deletes. A clear sees what the ops before it do, clears included.
    ///
    /// All clears of the batch share one bound. Each of them grows from a few bytes to the ids that
    /// it names, so a batch of many clears would otherwise be larger than a record of the log.
    fn name_cleared(&self, sender: Sender, ops: &mut [Op]) {
        let mut overlay = Overlay::new();
        let mut left = CLEAR_OBJECTS_MAX;
        for op in ops {
            let Op::Clear(clear) = op else {
                overlay::write(self, &mut overlay, sender, op);
                continue;
            };
            let view = View {
                document: self,
                overlay: Some(&overlay),
            };
            let mut ids = view.cleared(sender, clear);
            ids.truncate(left);
            left -= ids.len();
            clear.ids.clone_from(&ids);
            for id in ids {
                overlay::write_one(self, &mut overlay, sender, op, id);
            }
        }
    }
}
