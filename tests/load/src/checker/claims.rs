//! Claims of a run's writers.

use super::Finding;
use crate::journal::{Entry, Journal, OpKey, keys};
use fmz_proto::v1::Op;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

/// The journal's statements on every op.
pub(super) struct Claims<'a> {
    pub(super) submitted: HashMap<OpKey, &'a Op>,
    /// Revision that the author was told.
    pub(super) acknowledged: BTreeMap<OpKey, u64>,
    /// Ops that are held, as the author was told, without a revision.
    stored: BTreeSet<OpKey>,
    pub(super) contradictions: Vec<Finding>,
}

impl<'a> Claims<'a> {
    pub(super) fn read(journal: &'a Journal) -> Self {
        let mut claims = Self {
            submitted: HashMap::new(),
            acknowledged: BTreeMap::new(),
            stored: BTreeSet::new(),
            contradictions: Vec::new(),
        };
        for entry in &journal.entries {
            match entry {
                Entry::Submitted { author, batch } => {
                    claims
                        .submitted
                        .extend(keys(*author, batch).zip(&batch.ops));
                }
                Entry::Acknowledged {
                    author,
                    client_seq,
                    first_revision,
                } => {
                    claims.acknowledge(*author, *client_seq, *first_revision);
                }
                Entry::Stored { author, client_seq } => {
                    let keys: Vec<OpKey> = claims.batch(*author, *client_seq).collect();
                    claims.stored.extend(keys);
                }
            }
        }
        claims
    }

    fn acknowledge(&mut self, author: u32, client_seq: u64, first_revision: u64) {
        let keys: Vec<OpKey> = self.batch(author, client_seq).collect();
        for (revision, key) in (first_revision..).zip(keys) {
            match self.acknowledged.insert(key, revision) {
                Some(told) if told != revision => self.contradictions.push(Finding::Moved {
                    key,
                    told,
                    found: revision,
                }),
                _ => {}
            }
        }
    }

    /// Returns the ops of a batch.
    fn batch(&self, author: u32, client_seq: u64) -> impl Iterator<Item = OpKey> {
        let keys = (0..).map(move |index| OpKey {
            author,
            client_seq,
            index,
        });
        keys.take_while(|key| self.submitted.contains_key(key))
    }

    /// Returns the ops that must be in the snapshot: all those that an author was told are held.
    pub(super) fn held(&self) -> impl Iterator<Item = OpKey> {
        self.acknowledged.keys().chain(&self.stored).copied()
    }

    /// Returns the ops that must be in the observer's log: all that were acknowledged, except those
    /// that the observer got as a snapshot.
    pub(super) fn shown(&self, bridged: &[RangeInclusive<u64>]) -> impl Iterator<Item = OpKey> {
        let was_bridged = |revision: &u64| bridged.iter().any(|range| range.contains(revision));
        let shown = self.acknowledged.iter();
        shown
            .filter(move |(_, revision)| !was_bridged(revision))
            .map(|(key, _)| *key)
    }
}
