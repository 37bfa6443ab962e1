//! A change that was made on an older state: whose values it replaces, and the
//! numbers of its new objects.

use crate::Document;
use crate::object::{Key, ObjectId};
use crate::op::{Op, Ops};
use fmz_proto::v1;

/// A value of somebody else that a change on an older base replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overwritten {
    /// Which object.
    pub id: ObjectId,
    /// Which property.
    pub key: Key,
    /// Who had written it.
    pub author: u32,
}

/// Says which values that others wrote behind revision `since` these ops of `author`
/// replace, each once, in order.
pub fn overwritten(document: &Document, since: u64, author: u32, ops: &Ops) -> Vec<Overwritten> {
    let mut found = Vec::new();
    for op in ops.as_slice() {
        for (id, key) in replaced(op) {
            let writer = document.object(id).map(|object| object.writer(key));
            let theirs =
                |writer: &crate::Writer| writer.revision > since && writer.author != author;
            found.extend(writer.filter(theirs).map(|writer| Overwritten {
                id,
                key,
                author: writer.author,
            }));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What an op replaces whole. Moves add up, and edits of text go into each other.
fn replaced(op: &Op) -> Vec<(ObjectId, Key)> {
    match op {
        Op::Set { id, property } => vec![(*id, property.key())],
        Op::SetDeleted { ids, .. } => ids.iter().map(|&id| (id, Key::Deleted)).collect(),
        Op::Clear(clear) => clear.ids.iter().map(|&id| (id, Key::Deleted)).collect(),
        _ => Vec::new(),
    }
}

/// Author number in ids of a commit's changes, for the one who commits: no document gives it out.
pub const COMMITTER: u32 = u32::MAX;

/// Puts an author's number where ids have [`COMMITTER`], and counts those objects on behind
/// `counter`. `None` where the author has no counter left.
pub fn claim(mut ops: Vec<v1::Op>, author: u32, counter: u32) -> Option<Vec<v1::Op>> {
    for id in ops.iter_mut().flat_map(ids_mut) {
        if id.author == COMMITTER {
            id.author = author;
            id.counter = id.counter.checked_add(counter)?;
        }
    }
    Some(ops)
}

fn ids_mut(op: &mut v1::Op) -> Vec<&mut v1::ObjectId> {
    use v1::op::Op as Wire;
    match &mut op.op {
        Some(Wire::Create(create)) => create.id.iter_mut().chain(&mut create.parent).collect(),
        Some(Wire::Set(set)) => set.id.iter_mut().collect(),
        Some(Wire::StrokeAppend(append)) => append.id.iter_mut().collect(),
        Some(Wire::StrokeEnd(end)) => end.id.iter_mut().collect(),
        Some(Wire::Add(add)) => add.id.iter_mut().collect(),
        Some(Wire::TextEdit(edit)) => edit.id.iter_mut().collect(),
        Some(Wire::SetDeleted(set)) => set.ids.iter_mut().collect(),
        Some(
            Wire::Clear(_)
            | Wire::AuthorAdded(_)
            | Wire::MediaAdded(_)
            | Wire::Commit(_)
            | Wire::Revert(_),
        )
        | None => Vec::new(),
    }
}
