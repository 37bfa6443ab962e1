//! Every kind of fault is planted into a faultless history, and must be found.

use super::*;
use crate::writer::Writer;
use fmz_proto::v1::{AuthorAdded, AuthorState, ObjectState, Op, op};

const AUTHORS: u32 = 3;
const BATCHES: u64 = 120;

/// A faultless run: three authors in turn, every batch acknowledged but the last of each.
fn history() -> (Journal, Evidence) {
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

fn author_at_work(author: u32, log: &mut Vec<CommittedBatch>) -> Writer {
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

fn commit(log: &mut Vec<CommittedBatch>, author: u32, client_seq: u64, ops: Vec<Op>) {
    let first_revision = log
        .last()
        .map_or(1, |batch| batch.first_revision + batch.ops.len() as u64);
    log.push(CommittedBatch {
        first_revision,
        author,
        client_seq,
        committed_ms: 0,
        ops,
    });
}

/// The snapshot that such a log makes; it takes whatever stands there, as a faulty server would.
fn replay(log: &[CommittedBatch]) -> DocumentSnapshot {
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

fn replay_op(snapshot: &mut DocumentSnapshot, revision: u64, op: &op::Op) {
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
            object.dx.extend(&append.dx);
            object.dy.extend(&append.dy);
        }
        other => panic!("writers do not make {other:?}"),
    }
}

fn check_finds(plant: impl FnOnce(&mut Journal, &mut Evidence), wanted: impl Fn(&Finding) -> bool) {
    let (mut journal, mut evidence) = history();
    plant(&mut journal, &mut evidence);
    let findings = check(&journal, &evidence);
    assert!(findings.iter().any(wanted), "not found among {findings:?}");
}

/// An acknowledged batch of the second author, away from the ends, whose first op is an append.
fn victim(log: &[CommittedBatch]) -> usize {
    let appends = |batch: &CommittedBatch| matches!(batch.ops[0].op, Some(op::Op::StrokeAppend(_)));
    log.iter()
        .position(|batch| batch.author == 2 && batch.client_seq > 40 && appends(batch))
        .expect("in the history")
}

fn renumber(log: &mut [CommittedBatch]) {
    let mut next = 1;
    for batch in log {
        batch.first_revision = next;
        next += batch.ops.len() as u64;
    }
}

#[test]
fn a_faultless_run_has_no_findings() {
    let (journal, evidence) = history();
    assert_eq!(check(&journal, &evidence), vec![]);
}

#[test]
fn the_real_document_takes_every_op_and_shows_each() {
    let (journal, mut evidence) = history();
    let mut document = fmz_annotation::Document::new();
    for batch in &evidence.log {
        document.apply(batch).unwrap();
    }
    evidence.snapshot = document.snapshot();
    assert_eq!(check(&journal, &evidence), vec![]);
}

#[test]
fn an_unacknowledged_batch_may_be_absent() {
    let (journal, mut evidence) = history();
    evidence.log.truncate(evidence.log.len() - 1);
    evidence.snapshot = replay(&evidence.log);
    assert_eq!(check(&journal, &evidence), vec![]);
}

#[test]
fn a_batch_lost_from_log_and_snapshot_is_found_in_both() {
    for wanted in [Source::Log, Source::Snapshot] {
        let plant = |_: &mut Journal, evidence: &mut Evidence| {
            let at = victim(&evidence.log);
            evidence.log.remove(at);
            evidence.snapshot = replay(&evidence.log);
        };
        check_finds(
            plant,
            |finding| matches!(finding, Finding::Lost { source, key } if *source == wanted && key.author == 2),
        );
    }
}

#[test]
fn one_op_lost_only_from_the_snapshot_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let stroke = evidence
            .snapshot
            .objects
            .iter_mut()
            .find(|object| object.dx.len() > 8)
            .expect("a stroke");
        stroke.dx.drain(2..4);
        stroke.dy.drain(2..4);
    };
    check_finds(plant, |finding| {
        matches!(
            finding,
            Finding::Lost {
                source: Source::Snapshot,
                ..
            }
        )
    });
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        evidence.snapshot.objects.swap_remove(5);
    };
    check_finds(plant, |finding| {
        matches!(
            finding,
            Finding::Lost {
                source: Source::Snapshot,
                ..
            }
        )
    });
}

#[test]
fn a_batch_taken_twice_is_found_in_both() {
    for wanted in [Source::Log, Source::Snapshot] {
        let plant = |_: &mut Journal, evidence: &mut Evidence| {
            let at = victim(&evidence.log);
            evidence.log.insert(at + 1, evidence.log[at].clone());
            renumber(&mut evidence.log);
            evidence.snapshot = replay(&evidence.log);
        };
        check_finds(
            plant,
            |finding| matches!(finding, Finding::Doubled { source, key } if *source == wanted && key.author == 2),
        );
    }
}

#[test]
fn an_unacknowledged_batch_taken_twice_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let last = evidence.log.last().expect("not empty").clone();
        commit(&mut evidence.log, last.author, last.client_seq, last.ops);
    };
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Doubled { source: Source::Log, key } if key.client_seq == BATCHES),
    );
}

#[test]
fn two_batches_in_the_wrong_order_are_found() {
    for wanted in [Source::Log, Source::Snapshot] {
        let plant = |_: &mut Journal, evidence: &mut Evidence| {
            let at = victim(&evidence.log);
            let next = at + AUTHORS as usize;
            assert_eq!(evidence.log[at].author, evidence.log[next].author);
            evidence.log.swap(at, next);
            renumber(&mut evidence.log);
            evidence.snapshot = replay(&evidence.log);
        };
        check_finds(
            plant,
            |finding| matches!(finding, Finding::Reordered { source, .. } if *source == wanted),
        );
    }
}

#[test]
fn a_revision_other_than_told_is_found() {
    let plant = |journal: &mut Journal, _: &mut Evidence| journal.acknowledged(1, 9, 3);
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Moved { key, .. } if key.author == 1 && key.client_seq == 9),
    );
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let moved = &mut evidence.snapshot.objects[4].created_revision;
        *moved += 1;
    };
    check_finds(plant, |finding| matches!(finding, Finding::Moved { .. }));
}

#[test]
fn an_op_that_nobody_made_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let ops = evidence.log.last().expect("not empty").ops.clone();
        commit(&mut evidence.log, 2, BATCHES + 7, ops);
    };
    check_finds(plant, |finding| {
        matches!(
            finding,
            Finding::Phantom {
                source: Source::Log,
                ..
            }
        )
    });
}

#[test]
fn a_changed_op_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let at = victim(&evidence.log);
        let Some(op::Op::StrokeAppend(append)) = &mut evidence.log[at].ops[0].op else {
            unreachable!("an append")
        };
        append.dx[0] += 1;
    };
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Changed { key } if key.author == 2),
    );
}

#[test]
fn a_hole_in_the_revisions_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        for batch in evidence.log.iter_mut().skip(50) {
            batch.first_revision += 1;
        }
    };
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Gap { expected, found } if found == &(expected + 1)),
    );
    let plant = |_: &mut Journal, evidence: &mut Evidence| evidence.snapshot.revision += 1;
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Head { log, snapshot } if snapshot == &(log + 1)),
    );
}

#[test]
fn an_op_before_one_that_its_author_could_know_is_found() {
    let plant = |journal: &mut Journal, _: &mut Evidence| {
        let mut writer = Writer::new(99);
        writer.author = 9;
        journal.submitted(9, writer.submit(0));
        journal.acknowledged(9, 1, 5);
    };
    check_finds(
        plant,
        |finding| matches!(finding, Finding::BeforeItsCause { key, .. } if key.author == 9),
    );
}

#[test]
fn a_forgotten_last_batch_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        evidence.snapshot.authors[1].last_client_seq -= 1
    };
    check_finds(plant, |finding| {
        matches!(finding, Finding::LastSeq { author: 2, .. })
    });
}

#[test]
fn points_inside_another_append_are_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        let stroke = evidence
            .snapshot
            .objects
            .iter_mut()
            .find(|object| object.dx.len() > 8)
            .expect("a stroke");
        stroke.dx.insert(1, 5);
        stroke.dy.insert(1, 5);
    };
    check_finds(plant, |finding| {
        matches!(finding, Finding::Unreadable { .. })
    });
}

#[test]
fn what_was_never_sent_is_accounted_for_by_the_snapshot_alone() {
    let (mut journal, mut evidence) = history();
    let at = victim(&evidence.log);
    let unsent = evidence.log.remove(at);
    let (author, seq) = (unsent.author, unsent.client_seq);
    evidence
        .bridged
        .push(unsent.first_revision..=unsent.first_revision + unsent.ops.len() as u64 - 1);
    journal.entries.retain(|entry| !matches!(entry, Entry::Acknowledged { author: a, client_seq: s, .. } if (*a, *s) == (author, seq)));
    journal.stored(author, seq);
    assert_eq!(check(&journal, &evidence), vec![]);
    evidence
        .snapshot
        .objects
        .iter_mut()
        .for_each(|object| remove_marks(object, author, seq));
    let findings = check(&journal, &evidence);
    assert!(findings.iter().any(|finding| matches!(
        finding,
        Finding::Lost {
            source: Source::Snapshot,
            ..
        }
    )));
    assert!(
        findings
            .iter()
            .any(|finding| matches!(finding, Finding::Count { .. }))
    );
}

fn remove_marks(object: &mut ObjectState, author: u32, seq: u64) {
    let mine = object.id.is_some_and(|id| id.author == author);
    while let Some(at) = object.dx.iter().position(|x| mine && *x == seq as i32) {
        object.dx.drain(at..at + 2);
        object.dy.drain(at..at + 2);
    }
}

#[test]
fn a_revision_without_an_op_is_found() {
    let plant = |_: &mut Journal, evidence: &mut Evidence| {
        evidence.snapshot.revision += 1;
        evidence
            .bridged
            .push(evidence.snapshot.revision..=evidence.snapshot.revision);
    };
    check_finds(
        plant,
        |finding| matches!(finding, Finding::Count { accounted, revision } if revision == &(accounted + 1)),
    );
}
