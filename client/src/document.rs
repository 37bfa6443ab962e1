//! The client's document and what of it has to go to the server, on which path.

use bytes::BytesMut;
use fmz_annotation::{ApplyError, Authority, Deferred, Lost, Received, Replica, SnapshotError};
use fmz_proto::{Message, v1};
use std::time::Instant;

/// Ops in one batch, so that a stroke never waits behind a long one.
const BATCH_OPS: usize = 20;
/// Largest document taken in, bytes: some hundred thousand objects. A server cannot make a client hold more.
const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Which way frames go to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Path {
    #[default]
    Socket,
    Channel,
}

/// A snapshot that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("snapshot is larger than {SNAPSHOT_BYTES_MAX} bytes")]
    TooLarge,
    #[error("snapshot is no document")]
    Malformed,
    #[error(transparent)]
    Refused(#[from] SnapshotError),
}

#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) replica: Replica,
    path: Path,
    deferred: Deferred,
    parts: BytesMut,
    /// Revision for which a resync was asked and not yet answered.
    asked: Option<u64>,
}

impl Document {
    pub(crate) fn path(&self) -> Path {
        self.path
    }

    /// A session began: every batch the server does not hold is to be sent again, on the socket, which is open first.
    pub(crate) fn begin(&mut self, welcome: &v1::Welcome) -> (Lost, Vec<v1::OpBatch>) {
        self.parts.clear();
        self.asked = None;
        self.path = Path::Socket;
        let lost = self
            .replica
            .set_author(welcome.author, welcome.last_client_seq);
        let owns = welcome.grants.as_ref().is_some_and(|grants| grants.own);
        self.replica.set_authority(if owns {
            Authority::Owner
        } else {
            Authority::Author
        });
        let mut unacked = self.replica.unacked();
        unacked.retain(|batch| batch.client_seq > welcome.last_client_seq);
        self.deferred = Deferred::after(&unacked);
        (lost, unacked)
    }

    /// The path changed: what was sent on the other and not acknowledged goes again. Repeats are dropped by the server.
    #[must_use]
    pub(crate) fn switch(&mut self, path: Path) -> Vec<v1::OpBatch> {
        if path == self.path {
            return Vec::new();
        }
        self.path = path;
        let unacked = self.replica.unacked();
        self.deferred = Deferred::after(&unacked);
        unacked
    }

    /// Takes a piece of a snapshot; with the last one the document is replaced.
    pub(crate) fn snapshot(&mut self, part: &v1::Snapshot) -> Result<Option<Lost>, LoadError> {
        if self.parts.len() + part.part.len() > SNAPSHOT_BYTES_MAX {
            self.parts.clear();
            return Err(LoadError::TooLarge);
        }
        self.parts.extend_from_slice(&part.part);
        if !part.last {
            return Ok(None);
        }
        let whole = self.parts.split();
        let snapshot =
            v1::DocumentSnapshot::decode(whole.freeze()).map_err(|_| LoadError::Malformed)?;
        self.asked = None;
        Ok(Some(self.replica.load(snapshot)?))
    }

    /// Applies a copy of what is on its way on the ordered path, in whatever order. Besides what changed: what to ask
    /// for, where it does not fit.
    pub(crate) fn copied(&mut self, committed: &v1::Committed) -> (Received, Option<v1::Resync>) {
        match self.replica.receive_copy(committed) {
            Ok(received) => (received, None),
            Err(error) => (Received::default(), self.ask_all(&error)),
        }
    }

    /// Applies what was committed. Besides what changed: what to ask for, once for each hole.
    pub(crate) fn committed(
        &mut self,
        committed: &v1::Committed,
    ) -> (Received, Option<v1::Resync>) {
        match self.replica.receive(committed) {
            Ok(received) => {
                let ask = received.gap.filter(|&gap| self.asked != Some(gap));
                self.asked = received.gap;
                let diverged = false;
                let resync = |revision| v1::Resync { revision, diverged };
                (received, ask.map(resync))
            }
            Err(error) => (Received::default(), self.ask_all(&error)),
        }
    }

    /// A batch that does not fit: the whole document is asked for.
    fn ask_all(&mut self, error: &ApplyError) -> Option<v1::Resync> {
        tracing::warn!(
            code = error.code(),
            "a committed batch does not fit the document"
        );
        let first = self.asked != Some(0);
        self.asked = Some(0);
        first.then_some(v1::Resync {
            revision: 0,
            diverged: matches!(error, ApplyError::Diverged { .. }),
        })
    }

    /// Copies of what has no answer, where there is a channel for batches beside which they may go.
    pub(crate) fn copies(&mut self) -> Option<v1::OpCopies> {
        match self.path {
            Path::Channel => self.replica.take_copies(),
            Path::Socket => None,
        }
    }

    /// Takes what waits into batches; returns their numbers.
    pub(crate) fn take_batches(&mut self) -> Vec<u64> {
        let batches = std::iter::from_fn(|| self.replica.take_batch(BATCH_OPS));
        batches.map(|batch| batch.client_seq).collect()
    }

    /// Takes note of the copies that left, and returns what is due on the ordered path.
    #[must_use]
    pub(crate) fn ordered(
        &mut self,
        taken: &[u64],
        copies: Option<&v1::OpCopies>,
        now: Instant,
    ) -> Vec<v1::OpBatch> {
        self.deferred.note(taken, copies, now);
        self.deferred.take_due(&self.replica, now)
    }

    /// When something is due on the ordered path.
    pub(crate) fn ordered_at(&self) -> Option<Instant> {
        self.deferred.due_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_annotation::Document as Committed;
    use std::time::Duration;

    fn welcome(last_client_seq: u64) -> v1::Welcome {
        v1::Welcome {
            author: 1,
            last_client_seq,
            ..Default::default()
        }
    }

    fn author_added(revision: u64) -> v1::CommittedBatch {
        let added = v1::AuthorAdded {
            author: 1,
            identity: "ada".into(),
            name: "Ada".into(),
            session_key: vec![7; 16].into(),
        };
        batch(revision, 0, 0, vec![v1::op::Op::AuthorAdded(added)])
    }

    fn batch(
        revision: u64,
        author: u32,
        client_seq: u64,
        ops: Vec<v1::op::Op>,
    ) -> v1::CommittedBatch {
        v1::CommittedBatch {
            state_hash: 0,
            first_revision: revision,
            author,
            client_seq,
            committed_ms: 1,
            ops: ops.into_iter().map(|op| v1::Op { op: Some(op) }).collect(),
        }
    }

    fn create(counter: u32) -> v1::op::Op {
        v1::op::Op::Create(v1::Create {
            parent: None,
            id: Some(v1::ObjectId { author: 1, counter }),
            kind: v1::Kind::Rectangle.into(),
            frame: Some(v1::FrameStamp::default()),
            properties: Vec::new(),
        })
    }

    fn joined() -> Document {
        let mut document = Document::default();
        let _ = document.begin(&welcome(0));
        let (received, ask) = document.committed(&v1::Committed {
            batches: vec![author_added(1)],
        });
        assert_eq!((received.gap, ask), (None, None));
        document
    }

    fn asked_from(document: &mut Document, committed: &v1::Committed) -> Option<u64> {
        document.committed(committed).1.map(|ask| ask.revision)
    }

    fn submit(document: &mut Document, counter: u32) -> v1::OpBatch {
        let op = v1::Op {
            op: Some(create(counter)),
        };
        document.replica.submit(&[op]).unwrap();
        let taken = document.take_batches();
        let last = document.replica.unacked().pop().unwrap();
        assert_eq!(taken, [last.client_seq]);
        last
    }

    #[test]
    fn a_new_path_gets_every_unacknowledged_batch_again() {
        let mut document = joined();
        let sent = [submit(&mut document, 1), submit(&mut document, 2)];
        assert_eq!(document.switch(Path::Channel), sent);
        assert_eq!(document.switch(Path::Channel), []);
        let _ = document.committed(&v1::Committed {
            batches: vec![batch(2, 1, 1, vec![create(1)])],
        });
        let moved = v1::OpBatch {
            base: 2,
            ..sent[1].clone()
        };
        assert_eq!(
            document.switch(Path::Socket),
            [moved],
            "moved to what came since"
        );
    }

    #[test]
    fn a_new_session_resends_what_the_server_does_not_hold() {
        let mut document = joined();
        let sent = [submit(&mut document, 1), submit(&mut document, 2)];
        assert_eq!(document.begin(&welcome(1)).1, sent[1..]);
        assert_eq!(document.path(), Path::Socket);
    }

    #[test]
    fn a_gap_asks_once() {
        let mut document = joined();
        let ahead = v1::Committed {
            batches: vec![batch(5, 1, 1, vec![create(1)])],
        };
        assert_eq!(asked_from(&mut document, &ahead), Some(1));
        assert_eq!(asked_from(&mut document, &ahead), None);
        let tail = v1::Committed {
            batches: vec![batch(2, 1, 1, vec![create(1)])],
        };
        assert_eq!(asked_from(&mut document, &tail), None);
        assert_eq!(asked_from(&mut document, &ahead), Some(2));
    }

    #[test]
    fn hash3_another_document_is_asked_for_whole_and_told() {
        let mut document = joined();
        let mut other = batch(2, 1, 1, vec![create(1)]);
        other.state_hash = 1;
        let committed = v1::Committed {
            batches: vec![other],
        };
        let asked = document.committed(&committed).1;
        let expected = v1::Resync {
            revision: 0,
            diverged: true,
        };
        assert_eq!(asked, Some(expected));
    }

    #[test]
    fn a_snapshot_arrives_in_pieces() {
        let mut source = Committed::new();
        source.apply(&author_added(1)).unwrap();
        let bytes = source.snapshot().encode_to_vec();
        let mut document = Document::default();
        let part = |range: std::ops::Range<usize>, last| v1::Snapshot {
            revision: 1,
            part: bytes[range].to_vec().into(),
            last,
        };
        assert!(document.snapshot(&part(0..3, false)).unwrap().is_none());
        assert!(
            document
                .snapshot(&part(3..bytes.len(), true))
                .unwrap()
                .is_some()
        );
        assert_eq!(document.replica.revision(), 1);
        let broken = v1::Snapshot {
            part: vec![0xff].into(),
            last: true,
            ..Default::default()
        };
        assert!(matches!(
            document.snapshot(&broken),
            Err(LoadError::Malformed)
        ));
    }
    /// Every order of so many things.
    fn orders(count: usize) -> Vec<Vec<usize>> {
        match count.checked_sub(1) {
            None => vec![Vec::new()],
            Some(last) => {
                let shorter = orders(last).into_iter();
                let with = |order: Vec<usize>| (0..=last).map(move |at| insert(&order, at, last));
                shorter.flat_map(with).collect()
            }
        }
    }

    fn insert(order: &[usize], at: usize, item: usize) -> Vec<usize> {
        let mut order = order.to_vec();
        order.insert(at, item);
        order
    }

    #[test]
    fn loss8_whatever_order_copies_take_and_whichever_is_lost_nothing_is_asked_lost_or_doubled() {
        let batches: Vec<_> = (1..=4)
            .map(|n| batch(1 + u64::from(n), 1, n.into(), vec![create(n)]))
            .collect();
        let news = |batch: &v1::CommittedBatch| v1::Committed {
            batches: vec![batch.clone()],
        };
        for (order, kept) in orders(4)
            .iter()
            .flat_map(|order| (0..=4).map(move |kept| (order, kept)))
        {
            let mut document = joined();
            let mut changes = 0;
            for &index in order[..kept].iter().chain(&order[..kept]) {
                let (received, ask) = document.copied(&news(&batches[index]));
                assert_eq!((received.gap, ask), (None, None), "{order:?}");
                changes += received.changed.len();
            }
            for batch in &batches {
                let (received, ask) = document.committed(&news(batch));
                assert_eq!((received.gap, ask), (None, None), "{order:?}");
                changes += received.changed.len();
            }
            assert_eq!((document.replica.revision(), changes), (5, 4), "{order:?}");
        }
    }

    #[test]
    fn loss3_what_was_copied_goes_on_the_ordered_path_later_and_only_without_an_answer() {
        let start = Instant::now();
        let later = start + Duration::from_millis(200);
        let mut document = joined();
        let _ = document.switch(Path::Channel);
        let sent = [submit(&mut document, 1), submit(&mut document, 2)];
        let copies = document.copies();
        assert_eq!(document.ordered(&[1, 2], copies.as_ref(), start), []);
        assert_eq!(document.ordered_at(), Some(later));
        let _ = document.copied(&v1::Committed {
            batches: vec![batch(2, 1, 1, vec![create(1)])],
        });
        let due = document.ordered(&[], None, later);
        let moved = v1::OpBatch {
            base: 2,
            ..sent[1].clone()
        };
        assert_eq!(due, [moved]);
        assert_eq!(document.ordered_at(), None);
    }

    #[test]
    fn loss3_what_is_not_copied_goes_at_once_behind_what_was_before_it() {
        let start = Instant::now();
        let mut document = joined();
        let _ = document.switch(Path::Channel);
        let first = submit(&mut document, 1);
        let copies = document.copies();
        assert_eq!(document.ordered(&[1], copies.as_ref(), start), []);
        let second = submit(&mut document, 2);
        assert_eq!(document.ordered(&[2], None, start), [first, second]);
        assert_eq!(
            document.ordered(&[], None, start + Duration::from_secs(1)),
            []
        );
    }

    #[test]
    fn loss3_copies_go_beside_the_channel_only() {
        let mut document = joined();
        let sent = submit(&mut document, 1);
        assert_eq!(document.copies(), None);
        let _ = document.switch(Path::Channel);
        let copies = document.copies().unwrap();
        assert_eq!(copies.batches, [sent]);
    }
}
