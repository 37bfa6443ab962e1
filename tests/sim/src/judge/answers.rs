//! Judges the room's answers to commands, and whether they stay true.

use super::{Invariant, Judge, commands::Asked};
use crate::agenda::Micros;
use fmz_annotation::{FramesOf, version::Version};
use fmz_proto::v1::{self, Op};
use fmz_signaling_core::{
    Command, CommandId, Committed, Outcome, Question, Reason, Refusal, Restore, Restored, Whose,
};
use std::time::Duration;

/// Reasons for which a room closes while it has commands. Their results are then unknown.
const CLOSED: [Reason; 3] = [Reason::Storage, Reason::Reloading, Reason::Shutdown];

impl Judge {
    /// Checks an older state that was read for the room.
    pub(crate) fn read(&mut self, state: &fmz_annotation::Document) {
        let expected = self.history.document_at(state.revision());
        if state.revision() > self.durable || expected.as_ref() != Ok(state) {
            let text = format!("the state at {} is read as another one", state.revision());
            self.find(Invariant::SnapshotTail, text);
        }
    }

    /// The room answers a command.
    pub(crate) fn answered(&mut self, id: CommandId, outcome: &Outcome) {
        let Some(one) = self.commands.asked.remove(&id) else {
            let text = format!("command {} is answered twice, or was never given", id.0);
            self.find(Invariant::Versions, text);
            return;
        };
        let wrong = match outcome.refusal() {
            Some(refusal) => self.wrong_refusal(&one, refusal),
            None => self.wrong_outcome(&one, outcome),
        };
        if let Some(wrong) = wrong {
            let text = format!("command {} is answered wrongly: {wrong}", id.0);
            self.find(Invariant::Versions, text);
        }
        if let (Outcome::Commit(Ok(Committed { version, .. })), None) = (outcome, &self.finding) {
            self.counts.versions += 1;
            self.commands.told.push(version.clone());
        }
        self.counts.restores += u64::from(matches!(outcome, Outcome::Restore(Ok(_))));
    }

    fn wrong_outcome(&mut self, one: &Asked, outcome: &Outcome) -> Option<String> {
        let right = match (&one.command, outcome) {
            (Command::Commit(_), Outcome::Commit(Ok(Committed { version, .. }))) => {
                self.claims.acknowledged = self.claims.acknowledged.max(version.revision + 1);
                one.written == Some(version.revision + 1)
                    && version.revision < self.durable
                    && self.history.document.version(version.id) == Some(version)
            }
            (Command::Restore(restore), Outcome::Restore(Ok(restored))) => {
                self.claims.acknowledged = self.claims.acknowledged.max(restored.revision);
                restored.revision <= self.durable
                    && self.is_target(one, restore.target, restored.target)
                    && self.is_in_log(one, restored)
            }
            // Questions are answered while nothing is on its way to the disk.
            (Command::Question(question), outcome) => {
                self.durable == self.history.head() && self.is_true(question, outcome)
            }
            _ => false,
        };
        (!right).then(|| format!("{:?} gives {outcome:?}", one.command))
    }

    /// Whether a question is answered from the document of the judge's own log.
    fn is_true(&self, question: &Question, outcome: &Outcome) -> bool {
        let document = &self.history.document;
        match (question, outcome) {
            (Question::Versions { before, limit }, Outcome::Versions(Ok(found))) => {
                let older = |version: &&Version| before.is_none_or(|id| version.id < id);
                let versions = document.versions().rev().filter(older).take(*limit);
                versions.eq(found)
            }
            (Question::Version(id), Outcome::Version(Ok(found))) => {
                document.version(*id) == Some(found)
            }
            (
                Question::Frames {
                    media,
                    range,
                    limit,
                },
                Outcome::Frames(Ok(found)),
            ) => {
                let of = FramesOf::Media(media.as_str().into());
                let frames = document.frames(&of, range.clone()).take(*limit);
                let found = found.iter().map(|(frame, history)| (*frame, history));
                frames.eq(found)
            }
            _ => false,
        }
    }

    /// Whether a restore is in the log as the room says, or none was needed.
    fn is_in_log(&self, one: &Asked, restored: &Restored) -> bool {
        let Restored {
            revision,
            target,
            objects,
        } = *restored;
        if objects == 0 {
            return one.written.is_none();
        }
        let batch = self.history.batch_at(revision).map(|batch| &batch.ops[..]);
        let Some(
            [
                Op {
                    op: Some(v1::op::Op::Revert(revert)),
                },
            ],
        ) = batch
        else {
            return false;
        };
        let deleted: u32 = revert.deleted.iter().map(|run| run.count).sum();
        one.written == Some(revision)
            && revert.target_revision == target
            && revert.restores.len() + deleted as usize == objects
    }

    /// Finds a refusal without a reason, or a refused command that was carried out nevertheless.
    fn wrong_refusal(&self, one: &Asked, refusal: &Refusal) -> Option<String> {
        let code = refusal.code;
        if CLOSED.iter().any(|reason| reason.code() == code) {
            return None;
        }
        let grants = &one.asker.grants;
        let done = one.written.is_some() || one.delivered.is_some();
        let allowed = match &one.command {
            Command::Commit(commit) => {
                (code == "forbidden") != grants.annotate
                    && (code == "forbidden" || code == "busy" || !commit.ops.is_empty())
            }
            Command::Restore(Restore { whose, frames, .. }) => match code {
                "forbidden" => !grants.own && (*whose != Whose::Mine || !grants.annotate),
                "unknown_author" => *whose != Whose::All,
                "unknown_media" => frames.as_ref().is_some_and(|(media, _)| !self.knows(media)),
                _ => code == "busy" || code == "rollback_too_large",
            },
            Command::Question(Question::Frames { media, .. }) if code == "unknown_media" => {
                !self.knows(media)
            }
            Command::Question(_) => code == "busy",
        };
        (done || !allowed).then(|| format!("{:?} is refused: {refusal:?}", one.command))
    }

    /// Returns whether the log holds a media. A command may be refused for want of it if it came a
    /// moment before the media was added.
    fn knows(&self, media: &str) -> bool {
        let added = self.media.get(media);
        added.is_some_and(|revision| *revision < self.history.head())
    }

    /// Checks that all versions that were reported still exist and are unchanged.
    pub(super) fn judge_versions(&mut self) {
        let document = &self.history.document;
        let kept = |version: &&Version| document.version(version.id) == Some(*version);
        let changed = self.commands.told.iter().find(|version| !kept(version));
        if let Some(version) = changed.cloned() {
            let text = format!("version {} is not as it was", version.id);
            self.find(Invariant::Versions, text);
        }
    }

    /// Checks that no command waits for an answer. If the room makes versions by itself, changes
    /// older than its delay must be in one.
    pub(super) fn judge_rest(&mut self) {
        if let Some(id) = self.commands.asked.keys().next().copied() {
            self.find(
                Invariant::Liveness,
                format!("command {} has no answer", id.0),
            );
        }
        let document = &self.history.document;
        let kept = document
            .last_version()
            .map_or(0, |version| version.revision);
        let waits = self.auto_commit + Duration::from_secs(1);
        let rested = self.now > self.commands.changed_at + waits.as_micros() as Micros;
        if !self.auto_commit.is_zero() && rested && kept < document.changed_revision() {
            let text = format!("nothing behind {kept} is in a version");
            self.find(Invariant::Liveness, text);
        }
    }
}
