//! A run without faults, into which tests plant faults.

use crate::checker::Evidence;
use crate::journal::Journal;
use crate::writer::Writer;
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{
    AuthorAdded, AuthorState, CommittedBatch, DocumentSnapshot, ObjectState, Op, StrokePoints, op,
};

pub(super) const AUTHORS: u32 = 3;
pub(super) const BATCHES: u64 = 120;

/// Makes a faultless run: three authors in turn, every batch acknowledged except each author's
/// last.
pub(super) fn history() -> (Journal, Evidence) {
    let mut journal = Journal::default();
    let mut log = Vec::new();
    let mut writers: Vec<Writer> = (1..=AUTHORS)
        .map(|author| author_at_work(author, &mut log))
        .collect();
    for round in 1..=BATCHES {
        for writer in &mut writers {
            let batch = writer.submit(0);
            journal.submitted(writer.author, batch.clone());
            commit(&mut log, writer.author, batch.client_seq, batch.ops);
            let committed = log.last().expect("just pushed");
            writer.committed(committed);
            if round < BATCHES {
                journal.acknowledged(writer.author, round, committed.first_revision);
            }
        }
    }
    let snapshot = replay(&log);
    (
        journal,
        Evidence {
            log,
            bridged: vec![],
            snapshot,
        },
    )
}

pub(super) fn author_at_work(author: u32, log: &mut Vec<CommittedBatch>) -> Writer {
    let added = op::Op::AuthorAdded(AuthorAdded {
        author,
        identity: "load".to_owned(),
        session_key: vec![author as u8; 16].into(),
        ..Default::default()
    });
    commit(log, 0, 0, vec![Op { op: Some(added) }]);
    let mut writer = Writer::new(u64::from(author));
    writer.author = author;
    writer
}

pub(super) fn commit(log: &mut Vec<CommittedBatch>, author: u32, client_seq: u64, ops: Vec<Op>) {
    let first_revision = log
        .last()
        .map_or(1, |batch| batch.first_revision + batch.ops.len() as u64);
    log.push(CommittedBatch {
        state_hash: 0,
        first_revision,
        author,
        client_seq,
        committed_ms: 0,
        ops,
    });
}

/// Makes the snapshot of such a log. It accepts any contents, as a faulty server would.
pub(super) fn replay(log: &[CommittedBatch]) -> DocumentSnapshot {
    let mut snapshot = DocumentSnapshot::default();
    for batch in log {
        for (revision, op) in (batch.first_revision..).zip(&batch.ops) {
            snapshot.revision = revision;
            replay_op(&mut snapshot, revision, op.op.as_ref().expect("a test op"));
        }
        for author in snapshot
            .authors
            .iter_mut()
            .filter(|author| author.author == batch.author)
        {
            author.last_client_seq = author.last_client_seq.max(batch.client_seq);
        }
    }
    snapshot
}

pub(super) fn replay_op(snapshot: &mut DocumentSnapshot, revision: u64, op: &op::Op) {
    match op {
        op::Op::AuthorAdded(added) => {
            snapshot.authors.push(AuthorState {
                author: added.author,
                ..Default::default()
            });
        }
        op::Op::Create(create) => snapshot.objects.push(ObjectState {
            id: create.id,
            frame: create.frame.clone(),
            created_revision: revision,
            ..Default::default()
        }),
        op::Op::StrokeAppend(append) => {
            let object = snapshot
                .objects
                .iter_mut()
                .find(|object| object.id == append.id);
            let object = object.expect("created before");
            change_deltas(object, |deltas| deltas.extend(deltas_of(&append.points)));
        }
        other => panic!("writers do not make {other:?}"),
    }
}

pub(super) fn deltas_of(points: &Option<StrokePoints>) -> Vec<Delta> {
    let decode = |points| points::decode(points, usize::MAX).expect("writers made it");
    points
        .as_ref()
        .map(|points| decode(points).deltas)
        .unwrap_or_default()
}

/// Changes the points of a stroke.
pub(super) fn change_deltas(object: &mut ObjectState, change: impl FnOnce(&mut Vec<Delta>)) {
    let mut deltas = deltas_of(&object.points);
    change(&mut deltas);
    object.points = (!deltas.is_empty()).then(|| points::encode(&deltas, false));
}
