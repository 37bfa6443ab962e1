//! Judges a run after all is quiet.

use super::{Invariant, Judge, history::History};
use crate::page::Page;
use fmz_annotation::Document;

/// Revisions of a log at which a snapshot is taken and the rest replayed.
const CUTS: usize = 4;

impl Judge {
    /// Checks that every batch was acknowledged or refused, and that all pages are at the server's
    /// revision.
    pub(crate) fn quiet(&mut self, pages: &[Page], server: Option<&Document>) {
        let head = self.history.head();
        match server {
            Some(document) if document.revision() == head => {}
            _ => self.find(
                Invariant::Liveness,
                "the room is not open at the log's head".into(),
            ),
        }
        for page in pages {
            let (pending, revision) = (page.replica().pending_count(), page.replica().revision());
            if !page.is_welcomed() || pending > 0 || revision != head {
                let text = format!(
                    "page {} waits: welcomed {}, pending {pending}, revision {revision} of {head}",
                    page.index,
                    page.is_welcomed(),
                );
                self.find(Invariant::Liveness, text);
            }
        }
        self.judge_rest();
    }

    /// Judges the run as a whole.
    pub(crate) fn finish(&mut self, pages: &[Page], server: Option<&Document>) {
        self.counts.ops = self.history.head();
        let documents = pages.iter().map(|page| page.replica().document());
        let differs = |document: &Document| *document != self.history.document;
        if documents.chain(server).any(differs) {
            self.find(
                Invariant::Convergence,
                "not all ended with one document".into(),
            );
        }
        if let Some(text) = replays(&self.history) {
            self.find(Invariant::SnapshotTail, text);
        }
        if let Some(id) = self.history.cleared_unseen() {
            self.find(
                Invariant::Session,
                format!("{id:?} was cleared by one who had not seen it"),
            );
        }
        if let Some(id) = self.history.moved_wrong() {
            self.find(
                Invariant::Convergence,
                format!("a move of {id:?} does not count"),
            );
        }
        self.judge_versions();
        self.settle_claims();
    }

    fn settle_claims(&mut self) {
        let mut findings = Vec::new();
        for ((author, seq), claim) in &self.claims.made {
            if claim.committed && claim.told {
                let text = format!("batch {seq} of author {author} was refused and is in the log");
                findings.push((Invariant::NoPhantom, text));
            }
            if !claim.committed && !claim.refused && !claim.dropped {
                let text = format!("batch {seq} of author {author} is nowhere");
                findings.push((Invariant::Session, text));
            }
        }
        for (invariant, text) in findings {
            self.find(invariant, text);
        }
    }
}

/// Takes snapshots at some revisions, replays the log after each, and compares at every revision.
fn replays(history: &History) -> Option<String> {
    let step = (history.log.len() / CUTS).max(1);
    let mut document = Document::new();
    for (at, batch) in history.log.iter().enumerate() {
        if at % step == 0 {
            let copy = Document::from_snapshot(document.snapshot());
            let Some(mut copy) = copy.ok().filter(|copy| *copy == document) else {
                return Some(format!(
                    "the snapshot at {} is another document",
                    document.revision()
                ));
            };
            if let Some(text) = tail(history, &mut copy, at) {
                return Some(text);
            }
        }
        if let Err(error) = document.apply(batch) {
            return Some(error.to_string());
        }
    }
    None
}

fn tail(history: &History, document: &mut Document, from: usize) -> Option<String> {
    for batch in &history.log[from..] {
        if let Err(error) = document.apply(batch) {
            return Some(error.to_string());
        }
        if !history.is_right(document) {
            return Some(format!(
                "snapshot and tail differ at {}",
                document.revision()
            ));
        }
    }
    (*document != history.document).then(|| "snapshot and tail end elsewhere".to_owned())
}
