//! A sequencer as small as can be: it checks, numbers and keeps, as a room does.

use crate::make;
use fmz_annotation::{ApplyError, Authority, Document, OpError, Ops, Replica};
use fmz_proto::v1;
use std::collections::BTreeSet;

/// Says whether a server commits ops of an ordinary author.
pub(crate) fn check(document: &Document, author: u32, ops: &[v1::Op]) -> Result<(), OpError> {
    check_as(document, author, Authority::Author, ops)
}

pub(crate) fn check_as(
    document: &Document,
    author: u32,
    authority: Authority,
    ops: &[v1::Op],
) -> Result<(), OpError> {
    let ops = Ops::check(ops.to_vec())?;
    document.prepare(author, authority, ops).map(drop)
}

/// Moves ops to the newest revision.
pub(crate) fn rebase(
    document: &Document,
    author: u32,
    base: u64,
    ops: Vec<v1::Op>,
) -> Result<Vec<v1::Op>, OpError> {
    let moved = document.rebase(author, base, Ops::check(ops)?)?;
    Ok(moved.to_wire())
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    pub(crate) document: Document,
    pub(crate) log: Vec<v1::CommittedBatch>,
    owners: BTreeSet<u32>,
}

impl Room {
    /// A room with authors from 1.
    pub(crate) fn with_authors(count: u32) -> Self {
        let mut room = Self::default();
        let authors = (1..=count).map(make::author).collect();
        room.commit(0, 0, authors).expect("authors are new");
        room
    }

    pub(crate) fn let_own(&mut self, author: u32) {
        self.owners.insert(author);
    }

    /// A replica of one of the authors, up to date.
    pub(crate) fn replica(&self, author: u32) -> Replica {
        let mut replica = Replica::new();
        let _ = replica.set_author(author, 0);
        let _ = replica
            .load(self.document.snapshot())
            .expect("own snapshot");
        replica.set_authority(self.authority(author));
        replica
    }

    fn authority(&self, author: u32) -> Authority {
        match self.owners.contains(&author) {
            true => Authority::Owner,
            false => Authority::Author,
        }
    }

    /// Takes a batch as a client sends it; a repeat changes nothing.
    pub(crate) fn receive(&mut self, author: u32, batch: v1::OpBatch) -> Result<(), OpError> {
        if batch.client_seq <= self.document.last_client_seq(author) {
            return Ok(());
        }
        let authority = self.authority(author);
        let ops = Ops::check(batch.ops)?;
        let ops = self.document.rebase(author, batch.base, ops)?;
        let prepared = self.document.prepare(author, authority, ops)?;
        let ms = make::committed_ms(self.document.revision() + 1);
        let mut read = self.document.clone();
        let committed = self
            .document
            .commit(prepared, batch.client_seq, ms, true)
            .decode();
        read.apply(&committed).expect("the log can be read");
        assert_eq!(read, self.document, "and gives what was committed");
        self.log.push(committed);
        Ok(())
    }

    /// Applies a batch as a log gives it.
    pub(crate) fn commit(
        &mut self,
        author: u32,
        client_seq: u64,
        ops: Vec<v1::Op>,
    ) -> Result<(), ApplyError> {
        let batch = make::batch(self.document.revision() + 1, author, client_seq, ops);
        self.document.apply(&batch)?;
        self.log.push(batch);
        Ok(())
    }

    /// Everything after a revision.
    pub(crate) fn since(&self, revision: u64) -> v1::Committed {
        let new = |batch: &&v1::CommittedBatch| batch.first_revision > revision;
        v1::Committed {
            batches: self.log.iter().filter(new).cloned().collect(),
        }
    }

    /// Sends all that a replica has and gives it all that is new.
    pub(crate) fn exchange(&mut self, replica: &mut Replica) {
        let author = replica.author();
        for batch in replica.unacked() {
            self.offer(replica, author, batch);
        }
        while let Some(batch) = replica.take_batch(3) {
            self.offer(replica, author, batch);
        }
        let received = replica.receive(&self.since(replica.revision()));
        assert_eq!(received.expect("the log fits").gap, None);
    }

    fn offer(&mut self, replica: &mut Replica, author: u32, batch: v1::OpBatch) {
        let client_seq = batch.client_seq;
        if self.receive(author, batch).is_err() {
            let _ = replica.rejected(client_seq);
        }
    }
}
