//! Each kind of fault is planted into a faultless history and must be found.

use super::*;
use crate::writer::Writer;
use fmz_proto::points;
use fmz_proto::v1::{ObjectState, op};
use history::{AUTHORS, BATCHES, change_deltas, commit, deltas_of, history, replay};

mod history;

fn check_finds(plant: impl FnOnce(&mut Journal, &mut Evidence), wanted: impl Fn(&Finding) -> bool) {
    let (mut journal, mut evidence) = history();
    plant(&mut journal, &mut evidence);
    let findings = check(&journal, &evidence);
    assert!(findings.iter().any(wanted), "not found among {findings:?}");
}

/// Returns an acknowledged batch of the second author, away from the ends, whose first op is an
/// append.
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
            .find(|object| deltas_of(&object.points).len() > 8)
            .expect("a stroke");
        change_deltas(stroke, |deltas| drop(deltas.drain(2..4)));
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
        let mut deltas = deltas_of(&append.points);
        deltas[0].x += 1;
        append.points = Some(points::encode(&deltas, false));
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
            .find(|object| deltas_of(&object.points).len() > 8)
            .expect("a stroke");
        change_deltas(stroke, |deltas| deltas.insert(1, deltas[0]));
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
    assert_eq!(check(&journal, &evidence), vec![]);
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

#[test]
fn what_was_acknowledged_but_not_shown_before_a_kill_must_be_in_the_snapshot() {
    let (journal, mut evidence) = history();
    let at = victim(&evidence.log);
    let unshown = evidence.log.remove(at);
    let last = unshown.first_revision + unshown.ops.len() as u64 - 1;
    evidence.bridged.push(unshown.first_revision..=last);
    assert_eq!(check(&journal, &evidence), vec![]);
    let objects = &mut evidence.snapshot.objects;
    objects
        .iter_mut()
        .for_each(|object| remove_marks(object, unshown.author, unshown.client_seq));
    let lost = |finding: &Finding| {
        matches!(
            finding,
            Finding::Lost {
                source: Source::Snapshot,
                ..
            }
        )
    };
    assert!(check(&journal, &evidence).iter().any(lost));
}

fn remove_marks(object: &mut ObjectState, author: u32, seq: u64) {
    let mine = object.id.is_some_and(|id| id.author == author);
    change_deltas(object, |deltas| {
        while let Some(at) = deltas
            .iter()
            .position(|delta| mine && delta.x == seq as i32)
        {
            deltas.drain(at..at + 2);
        }
    });
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
