//! The server's end, as small as can be: it checks, numbers and keeps batches, each author's in
//! their order and each once.

use bytes::Bytes;
use fmz_annotation::{Authority, Document, Ops};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::{Message, encode_server, v1};

/// Bytes of a snapshot in one part: so few that every snapshot has several parts.
const PART_BYTES: usize = 7;

#[derive(Debug, Default)]
pub(crate) struct Hub {
    pub(crate) document: Document,
    pub(crate) log: Vec<v1::CommittedBatch>,
}

impl Hub {
    /// Makes a room with `count` authors, in which nothing was drawn yet.
    pub(crate) fn with_authors(count: u32) -> Self {
        let mut hub = Self::default();
        for author in 1..=count {
            let added = v1::AuthorAdded {
                author,
                identity: format!("person-{author}"),
                name: format!("Person {author}"),
                session_key: vec![author as u8; 16].into(),
            };
            hub.commit(0, 0, 0, vec![op(v1::op::Op::AuthorAdded(added))]);
        }
        hub
    }

    fn commit(&mut self, author: u32, base: u64, client_seq: u64, ops: Vec<v1::Op>) {
        let ops = Ops::check(ops).and_then(|ops| self.document.rebase(author, base, ops));
        let prepared = ops.and_then(|ops| self.document.prepare(author, Authority::Author, ops));
        let prepared = prepared.expect("these authors do only what they may");
        let committed = self.document.commit(prepared, client_seq, 1, true);
        self.log.push(committed.decode());
    }

    /// Accepts a batch if it is its author's next.
    fn take(&mut self, author: u32, batch: v1::OpBatch) {
        if batch.client_seq != self.document.last_client_seq(author) + 1 {
            return;
        }
        self.commit(author, batch.base, batch.client_seq, batch.ops);
    }

    /// Handles a message from an author.
    pub(crate) fn hear(&mut self, author: u32, message: ToServer) {
        match message {
            ToServer::Ops(batch) => self.take(author, batch),
            ToServer::Copies(copies) => {
                let batches = copies.batches.into_iter();
                batches.for_each(|batch| self.take(author, batch));
            }
            _ => {}
        }
    }

    pub(crate) fn welcome(&self, author: u32) -> Bytes {
        encode_server(FromServer::Welcome(v1::Welcome {
            author,
            last_client_seq: self.document.last_client_seq(author),
            revision: self.document.revision(),
            grants: Some(v1::Grants::default()),
            ..v1::Welcome::default()
        }))
    }

    pub(crate) fn snapshot(&self) -> Vec<Bytes> {
        let whole = self.document.snapshot().encode_to_vec();
        let count = whole.len().div_ceil(PART_BYTES);
        let part = |(index, part): (usize, &[u8])| {
            encode_server(FromServer::Snapshot(v1::Snapshot {
                revision: self.document.revision(),
                part: Bytes::copy_from_slice(part),
                last: index + 1 == count,
            }))
        };
        whole.chunks(PART_BYTES).enumerate().map(part).collect()
    }

    /// Returns the commits after a revision.
    pub(crate) fn behind(&self, revision: u64) -> Vec<v1::CommittedBatch> {
        let batches = self.log.iter();
        let behind = batches.filter(|batch| batch.first_revision > revision);
        behind.cloned().collect()
    }
}

/// Encodes a frame of commits.
pub(crate) fn committed(batches: &[v1::CommittedBatch]) -> Bytes {
    let batches = batches.to_vec();
    encode_server(FromServer::Committed(v1::Committed { batches }))
}

pub(crate) fn op(op: v1::op::Op) -> v1::Op {
    v1::Op { op: Some(op) }
}
