//! Proves that a run lost, doubled, moved or changed no acknowledged op.
//!
//! It compares the [`Journal`] of the writers, op by op, with the log that observers were shown,
//! and with the snapshot that a fresh reader receives after the last restart. A room is one total
//! order of unique ops, so every check is linear.

mod claims;
mod finding;
mod gather;
#[cfg(test)]
mod tests;

pub(crate) use finding::{Finding, Source};

use crate::journal::{Entry, Journal, OpKey};
use claims::Claims;
use fmz_proto::v1::{CommittedBatch, DocumentSnapshot, ObjectId};
use gather::{Gathered, Record, from_log, from_snapshot};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

/// The log and the document that the server showed.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// Batches that an observer was given from revision 1 on, in that order.
    pub(crate) log: Vec<CommittedBatch>,
    /// Revisions that the observer was given as a snapshot, because a kill came before they were
    /// sent to it.
    pub(crate) bridged: Vec<RangeInclusive<u64>>,
    /// Snapshot that a reader received who came after the last restart.
    pub(crate) snapshot: DocumentSnapshot,
}

/// Place of an op: a revision of the log, or a position in a stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// A revision of the log.
    Revision(u64),
    /// The nth append of the stroke with this counter of its author.
    Append { stroke: u32, position: usize },
}

/// Returns all contradictions to the journal; an empty result is the proof.
pub(crate) fn check(journal: &Journal, evidence: &Evidence) -> Vec<Finding> {
    let claims = Claims::read(journal);
    let mut findings = claims.contradictions.clone();
    let log = from_log(&evidence.log);
    let snapshot = from_snapshot(&evidence.snapshot);
    findings.extend(check_revisions(evidence));
    findings.extend(check_count(&snapshot, &evidence.snapshot));
    findings.extend(check_present(
        Source::Log,
        claims.shown(&evidence.bridged),
        &log,
    ));
    findings.extend(check_present(Source::Snapshot, claims.held(), &snapshot));
    findings.extend(check_source(Source::Log, &claims, &log));
    findings.extend(check_source(Source::Snapshot, &claims, &snapshot));
    findings.extend(check_contents(&claims, &evidence.log));
    findings.extend(check_causality(journal));
    findings.extend(check_last_seqs(evidence));
    findings
}

fn check_source(source: Source, claims: &Claims<'_>, gathered: &Gathered) -> Vec<Finding> {
    let mut findings = gathered.findings.clone();
    findings.extend(check_unique(source, claims, &gathered.records));
    findings.extend(check_places(claims, &gathered.records));
    findings.extend(check_order(source, &gathered.records));
    findings
}

/// Finds promised ops that are missing.
fn check_present(
    source: Source,
    promised: impl Iterator<Item = OpKey>,
    gathered: &Gathered,
) -> Vec<Finding> {
    let present: HashSet<OpKey> = gathered.records.iter().map(|record| record.key).collect();
    let lost = promised.filter(|key| !present.contains(key));
    lost.map(|key| Finding::Lost { key, source }).collect()
}

/// Finds ops that are there twice, acknowledged or not, and ops that no writer made.
fn check_unique(source: Source, claims: &Claims<'_>, records: &[Record]) -> Vec<Finding> {
    let mut seen = HashSet::new();
    let mut findings = Vec::new();
    for Record { key, .. } in records {
        if !claims.submitted.contains_key(key) {
            findings.push(Finding::Phantom { key: *key, source });
        } else if !seen.insert(*key) {
            findings.push(Finding::Doubled { key: *key, source });
        }
    }
    findings
}

/// Finds acknowledged ops whose revision differs from the one that their author was told.
fn check_places(claims: &Claims<'_>, records: &[Record]) -> Vec<Finding> {
    let moved = |record: &Record| {
        let (Place::Revision(found), Some(&told)) =
            (record.place, claims.acknowledged.get(&record.key))
        else {
            return None;
        };
        (found != told).then_some(Finding::Moved {
            key: record.key,
            told,
            found,
        })
    };
    records.iter().filter_map(moved).collect()
}

/// Finds ops of an author that stand in another order than they were made, in the log and in every
/// stroke.
fn check_order(source: Source, records: &[Record]) -> Vec<Finding> {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by_key(|record| (record.key.author, record.place));
    let lane = |record: &Record| match record.place {
        Place::Revision(_) => (record.key.author, None),
        Place::Append { stroke, .. } => (record.key.author, Some(stroke)),
    };
    let swapped = |pair: &&[&Record]| lane(pair[0]) == lane(pair[1]) && pair[0].key > pair[1].key;
    let reordered = sorted.windows(2).filter(swapped);
    reordered
        .map(|pair| Finding::Reordered {
            earlier: pair[0].key,
            later: pair[1].key,
            source,
        })
        .collect()
}

/// Finds revisions from 1 to the head that the observer was not given exactly once, in order.
fn check_revisions(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut next = 1;
    for given in given(evidence) {
        if *given.start() != next {
            findings.push(Finding::Gap {
                expected: next,
                found: *given.start(),
            });
        }
        next = given.end() + 1;
    }
    let (log, head) = (next - 1, evidence.snapshot.revision);
    if log != head {
        findings.push(Finding::Head {
            log,
            snapshot: head,
        });
    }
    findings
}

/// Returns the ranges of revisions that were given, ordered by their starts.
fn given(evidence: &Evidence) -> Vec<RangeInclusive<u64>> {
    let range = |batch: &CommittedBatch| {
        batch.first_revision..=batch.first_revision + batch.ops.len() as u64 - 1
    };
    let mut given: Vec<_> = evidence
        .log
        .iter()
        .map(range)
        .chain(evidence.bridged.iter().cloned())
        .collect();
    given.sort_by_key(|range| *range.start());
    given
}

/// Finds a revision of the document that is neither an op of a writer nor an author's introduction.
fn check_count(gathered: &Gathered, snapshot: &DocumentSnapshot) -> Option<Finding> {
    let accounted = (gathered.records.len() + snapshot.authors.len()) as u64;
    let revision = snapshot.revision;
    (accounted != revision).then_some(Finding::Count {
        accounted,
        revision,
    })
}

/// Finds ops in the log that differ from the ones that their author made.
fn check_contents(claims: &Claims<'_>, log: &[CommittedBatch]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for batch in log {
        for (index, op) in (0..).zip(&batch.ops) {
            let key = OpKey {
                author: batch.author,
                client_seq: batch.client_seq,
                index,
            };
            if claims.submitted.get(&key).is_some_and(|made| *made != op) {
                findings.push(Finding::Changed { key });
            }
        }
    }
    findings
}

/// Finds batches that stand before a batch which had been acknowledged before they were made.
fn check_causality(journal: &Journal) -> Vec<Finding> {
    let mut newest = 0;
    let mut floor = HashMap::new();
    let mut findings = Vec::new();
    for entry in &journal.entries {
        match entry {
            Entry::Submitted { author, batch } => {
                floor.insert((*author, batch.client_seq), newest);
            }
            Entry::Stored { .. } => {}
            Entry::Acknowledged {
                author,
                client_seq,
                first_revision,
            } => {
                newest = newest.max(*first_revision);
                let known = floor.get(&(*author, *client_seq)).copied().unwrap_or(0);
                if *first_revision <= known {
                    let key = OpKey {
                        author: *author,
                        client_seq: *client_seq,
                        index: 0,
                    };
                    findings.push(Finding::BeforeItsCause {
                        key,
                        revision: *first_revision,
                        known,
                    });
                }
            }
        }
    }
    findings
}

/// Finds batches that the snapshot has forgotten: a repeat of them could be accepted again.
fn check_last_seqs(evidence: &Evidence) -> Vec<Finding> {
    let mut last: BTreeMap<u32, u64> = BTreeMap::new();
    for batch in evidence.log.iter().filter(|batch| batch.author > 0) {
        let seq = last.entry(batch.author).or_default();
        *seq = batch.client_seq.max(*seq);
    }
    let stored: HashMap<u32, u64> = evidence
        .snapshot
        .authors
        .iter()
        .map(|author| (author.author, author.last_client_seq))
        .collect();
    let wrong = last
        .into_iter()
        .filter(|(author, seq)| stored.get(author) < Some(seq));
    wrong
        .map(|(author, log)| Finding::LastSeq {
            author,
            log,
            snapshot: stored.get(&author).copied(),
        })
        .collect()
}

/// Returns a short name of an object, for people.
fn object_name(id: Option<ObjectId>) -> String {
    id.map_or_else(
        || "without id".to_owned(),
        |id| format!("{}:{}", id.author, id.counter),
    )
}
