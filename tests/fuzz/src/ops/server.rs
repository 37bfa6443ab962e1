//! The server: one order of ops, versions, restores.

use super::{AUTHORS, FILM, World};
use crate::input::Input;
use fmz_annotation::version::{self, EPOCH_MS, Revert, Scope, Version};
use fmz_annotation::{Authority, Document, FramesOf, Ops, Prepared};
use fmz_proto::v1::{self, op::Op as Wire};

impl World {
    /// Takes the next batch of an author.
    pub(super) fn receive(&mut self, who: usize) {
        let Some(batch) = self.authors[who].sent.pop_front() else {
            return;
        };
        let number = who as u32 + 1;
        let authority = if number == u32::from(AUTHORS) {
            Authority::Owner
        } else {
            Authority::Author
        };
        let document = &self.document;
        let moved = Ops::check(batch.ops).and_then(|ops| document.rebase(number, batch.base, ops));
        match moved.and_then(|ops| document.prepare(number, authority, ops)) {
            Ok(prepared) => self.commit(prepared, batch.client_seq),
            Err(_) => {
                let at = self.log.len();
                self.authors[who].refusals.push_back((at, batch.client_seq));
            }
        }
    }

    /// Keeps a version of the present state, or a wrong one, which the document must refuse.
    pub(super) fn keep(&mut self, input: &mut Input<'_>) {
        self.committed_ms += u64::from(input.byte());
        let id = self.ids.next(EPOCH_MS + self.committed_ms);
        let newest = self.document.last_version().map(|version| version.id);
        let wrong = u64::from(input.byte() == 255);
        let version = Version {
            id: id.expect("long before 2089"),
            base: newest.filter(|_| input.flag()),
            revision: self.document.revision() + wrong,
            author: input.below(AUTHORS + 1).into(),
            name: String::new(),
            message: String::new(),
            committed_ms: self.committed_ms,
            state_hash: self.document.state_hash(),
            automatic: input.flag(),
        };
        let version = Some((&version).into());
        self.commit_own(Wire::Commit(v1::Commit { version }), wrong == 0);
    }

    /// Restores any older state, in any scope.
    pub(super) fn go_back(&mut self, input: &mut Input<'_>) {
        let head = self.document.revision();
        let to = head.saturating_sub(match input.byte() {
            near @ 0..=199 => u64::from(near) % (head + 1),
            _ => head,
        });
        let target = self.document_at(to);
        let scope = Scope {
            authors: input
                .flag()
                .then(|| [input.below(AUTHORS + 1).into()].into()),
            frames: input.flag().then(|| {
                let first = u32::from(input.below(4));
                // Draws no byte of its own, so that the corpus keeps its meaning.
                let of = match first % 2 {
                    0 => FramesOf::Publication("".into()),
                    _ => FramesOf::Media(FILM.into()),
                };
                (of, first..=first + u32::from(input.below(4)))
            }),
        };
        let restores = version::restores(&self.document, &target, &scope);
        if restores.is_empty() {
            return;
        }
        let everything = scope == Scope::default();
        let revert = Revert::new(to, scope, 1 + u32::from(input.below(AUTHORS)), restores);
        self.commit_own(Wire::Revert((&revert).into()), true);
        let left = version::diff(&target, &self.document);
        assert!(!everything || left.is_empty(), "{left:?}");
    }

    /// Returns the document after an op, from the log.
    pub(super) fn document_at(&self, revision: u64) -> Document {
        let mut document = Document::new();
        for batch in &self.log {
            let left = revision - document.revision();
            let mut batch = batch.clone();
            if left < batch.ops.len() as u64 {
                batch.ops.truncate(left as usize);
                batch.state_hash = 0;
            }
            if !batch.ops.is_empty() {
                let applied = document.apply(&batch);
                applied.expect("the log is one order");
            }
        }
        document
    }

    pub(super) fn commit_own(&mut self, op: Wire, good: bool) {
        let ops = Ops::check(vec![v1::Op { op: Some(op) }]);
        let prepared = ops.and_then(|ops| self.document.prepare(0, Authority::Author, ops));
        assert!(prepared.is_ok() || !good, "what the server makes is right");
        if let Ok(prepared) = prepared {
            self.commit(prepared, 0);
        }
    }

    /// Each batch carries the hash of the document: a replica that holds another one finds it by
    /// this.
    fn commit(&mut self, prepared: Prepared, client_seq: u64) {
        let committed = self
            .document
            .commit(prepared, client_seq, self.committed_ms, true);
        self.log.push(committed.decode());
    }
}
