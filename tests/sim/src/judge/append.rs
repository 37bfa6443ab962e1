//! Judges batches as they are numbered.

use super::{Invariant, Judge, commands::OUTSIDE_KEY, history::touched};
use fmz_annotation::Document;
use fmz_proto::v1::{AuthorAdded, Commit, CommittedBatch, Op, TextStep, op, text_step};

impl Judge {
    /// Checks batches that the room hands to its log.
    pub(crate) fn appended(&mut self, keys: &[(String, Vec<u8>)], batches: &[CommittedBatch]) {
        for batch in batches {
            if batch.first_revision != self.history.head() + 1 {
                let text = format!(
                    "revision {} is appended to {}",
                    batch.first_revision,
                    self.history.head()
                );
                self.find(Invariant::Prefix, text);
                return;
            }
            match batch.author {
                0 => self.judge_server(keys, batch),
                _ if self.outside.contains_key(&batch.author) => self.judge_outside(batch),
                _ => self.judge_batch(batch),
            }
            for op in batch.ops.iter().filter_map(|op| op.op.as_ref()) {
                *self.kinds.entry(super::kinds::name(op)).or_default() += 1;
            }
            self.push(batch);
        }
    }

    fn push(&mut self, batch: &CommittedBatch) {
        let before = self.history.document.changed_revision();
        if let Err(error) = self.history.push(batch) {
            let text = format!("revision {}: {error}", batch.first_revision);
            self.find(Invariant::Convergence, text);
            return;
        }
        if self.history.document.changed_revision() != before {
            self.commands.changed_at = self.now;
        }
        if let [
            Op {
                op: Some(op::Op::Revert(revert)),
            },
        ] = &batch.ops[..]
        {
            self.judge_revert(revert, batch);
        }
    }

    /// Checks the ops that only the server writes: authors, versions, restores.
    fn judge_server(&mut self, keys: &[(String, Vec<u8>)], batch: &CommittedBatch) {
        for op in &batch.ops {
            match &op.op {
                Some(op::Op::AuthorAdded(added)) => self.judge_author(keys, added, batch),
                Some(op::Op::MediaAdded(added)) => self.judge_media(added, batch),
                Some(op::Op::Commit(Commit {
                    version: Some(version),
                })) => {
                    self.judge_commit(version, batch);
                }
                Some(op::Op::Revert(_)) => {}
                _ => self.find(Invariant::Authority, format!("the server wrote {op:?}")),
            }
        }
    }

    /// Checks the room's document after batches were numbered.
    pub(crate) fn numbered(&mut self, document: &Document) {
        let head = self.history.head();
        if document.revision() != head || !self.history.is_right(document) {
            self.find(
                Invariant::Convergence,
                format!("the room holds another document than its log gives at {head}"),
            );
        }
    }

    /// Checks that batches carry the time of day at which they were numbered.
    pub(crate) fn timed(&mut self, unix_ms: u64, batches: &[CommittedBatch]) {
        if let Some(batch) = batches.iter().find(|batch| batch.committed_ms != unix_ms) {
            let text = format!("committed at {}, it is {unix_ms}", batch.committed_ms);
            self.find(Invariant::Authority, text);
        }
    }

    fn judge_author(
        &mut self,
        keys: &[(String, Vec<u8>)],
        added: &AuthorAdded,
        batch: &CommittedBatch,
    ) {
        let AuthorAdded {
            author,
            identity,
            session_key,
            ..
        } = added;
        if *session_key == OUTSIDE_KEY[..] && self.is_outside(identity) {
            self.authors.remove(author);
            self.outside.insert(*author, identity.clone());
            return;
        }
        let page = keys
            .iter()
            .position(|(subject, key)| subject == identity && session_key.as_ref() == key);
        match page.filter(|page| self.plans[*page].annotate) {
            Some(page) => {
                // The number may have been given before, to an author whose record never reached
                // the disk.
                self.outside.remove(author);
                self.authors.insert(*author, page);
                self.added.insert(*author, batch.first_revision);
            }
            None => self.find(
                Invariant::Authority,
                format!("author {author} is {identity}, who may not draw by this key"),
            ),
        }
    }

    fn judge_batch(&mut self, batch: &CommittedBatch) {
        let CommittedBatch {
            first_revision,
            author,
            client_seq,
            ops,
            ..
        } = batch;
        let name = format!("batch {client_seq} of author {author} at revision {first_revision}");
        let Some(claim) = self.claims.get(*author, *client_seq) else {
            self.find(Invariant::NoPhantom, format!("{name} was made by nobody"));
            return;
        };
        let (twice, floor) = (claim.committed, claim.floor);
        let same = as_made(&claim.ops) == as_made(ops);
        claim.committed = true;
        if twice {
            self.find(Invariant::ExactlyOnce, format!("{name} is there twice"));
        }
        if !same {
            self.find(
                Invariant::NoPhantom,
                format!("{name} is not as it was made"),
            );
        }
        if *first_revision <= floor {
            let text = format!("{name} stands before {floor}, which was known when it was sent");
            self.find(Invariant::RealTime, text);
        }
        let own = self.authors.get(author).map(|page| self.plans[*page].own);
        let mut ops = ops.iter();
        if own.is_none() || (own == Some(false) && !ops.all(|op| self.is_right_of(*author, op))) {
            self.find(Invariant::Authority, format!("{name} was not allowed"));
        }
    }

    /// Returns whether an author who owns nothing but its own marks may make this op.
    pub(super) fn is_right_of(&self, author: u32, op: &Op) -> bool {
        let own = touched(std::slice::from_ref(op))
            .into_iter()
            .all(|id| id.author() == author);
        own || self.history.is_of_thread(op)
    }
}

/// Ops without what the server adds to them. An edit of a text is moved to other places, and what
/// others deleted before is not deleted again: what it inserts stays. The end of a stroke is that
/// of the points which a restore left.
pub(super) fn as_made(ops: &[Op]) -> Vec<Op> {
    let mut ops = ops.to_vec();
    for op in &mut ops {
        if let Some(op::Op::Clear(clear)) = &mut op.op {
            clear.ids.clear();
        }
        if let Some(op::Op::TextEdit(edit)) = &mut op.op {
            edit.steps = inserted(&edit.steps);
        }
        if let Some(op::Op::StrokeEnd(end)) = &mut op.op {
            (end.points, end.hash) = (0, 0);
        }
    }
    ops
}

fn inserted(steps: &[TextStep]) -> Vec<TextStep> {
    let text = |step: &TextStep| match &step.step {
        Some(text_step::Step::Insert(text)) => text.clone(),
        _ => String::new(),
    };
    let text: String = steps.iter().map(text).collect();
    let step = Some(text_step::Step::Insert(text));
    vec![TextStep { step }]
}
