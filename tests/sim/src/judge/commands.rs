//! Judges commands that reach the room from outside of sessions, and the ops that the room writes
//! for them.

use super::{Invariant, Judge, append::as_made, restores::led_astray};
use crate::agenda::Micros;
use fmz_annotation::FramesOf;
use fmz_annotation::version::{Scope, Version, claim};
use fmz_proto::v1::{self, CommittedBatch};
use fmz_signaling_core::{Asker, Command, CommandId, Commit, Target, Whose};
use std::collections::BTreeMap;

/// Session key of authors who are in no session.
pub(super) const OUTSIDE_KEY: [u8; fmz_proto::limits::SESSION_KEY_BYTES] =
    [0; fmz_proto::limits::SESSION_KEY_BYTES];
/// A command that the room has not answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) asker: Asker,
    pub(super) command: Command,
    /// Highest revision that any page had been shown when the command was given.
    floor: u64,
    /// Revision of the head at that time.
    pub(super) head: u64,
    /// First revision of the changes that came with the command, once they are in the log.
    pub(super) delivered: Option<u64>,
    /// Revision of the op that was written for the command.
    pub(super) written: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) asked: BTreeMap<CommandId, Asked>,
    /// Versions that were reported to a page. None of them may change.
    pub(super) told: Vec<Version>,
    /// Time at which an object was changed last.
    pub(super) changed_at: Micros,
}

impl Commands {
    /// Forgets all commands of a process that is gone.
    pub(super) fn forget(&mut self) {
        self.asked.clear();
    }

    fn waiting(&mut self, wanted: impl Fn(&Asked) -> bool) -> Option<&mut Asked> {
        let mut free = self.asked.values_mut().filter(|one| one.written.is_none());
        free.find(|one| wanted(one))
    }
}

impl Judge {
    /// Notes a command that the server takes.
    pub(crate) fn asked(&mut self, id: CommandId, page: usize, mut asker: Asker, command: Command) {
        // The rights come from the plan, not from the server: a bug may make the server give
        // others.
        (asker.grants.annotate, asker.grants.own) =
            (self.plans[page].annotate, self.plans[page].own);
        let asked = Asked {
            asker,
            command,
            floor: self.claims.acknowledged,
            head: self.history.head(),
            delivered: None,
            written: None,
        };
        self.commands.asked.insert(id, asked);
    }

    /// Returns whether a waiting command comes from outside the room and makes an author of this
    /// subject.
    pub(super) fn is_outside(&self, subject: &str) -> bool {
        let mut asked = self.commands.asked.values();
        asked.any(|one| {
            let grants = &one.asker.grants;
            one.asker.subject == subject && (grants.annotate || grants.own)
        })
    }

    /// Checks changes that were made outside of sessions: they come with a commit, and only once.
    pub(super) fn judge_outside(&mut self, batch: &CommittedBatch) {
        let (author, ops) = (batch.author, as_made(&batch.ops));
        let subject = self.outside.get(&author).cloned().unwrap_or_default();
        let counter = self.history.document.last_counter(author);
        let same = |one: &Asked| match &one.command {
            Command::Commit(commit) => {
                let made = claim(commit.ops.clone(), author, counter).unwrap_or_default();
                one.asker.subject == subject && as_made(&made) == ops
            }
            _ => false,
        };
        let found = self
            .commands
            .waiting(|one| same(one) && one.delivered.is_none());
        let own = found.as_ref().is_some_and(|one| one.asker.grants.own);
        match found {
            Some(one) => one.delivered = Some(batch.first_revision),
            None => self.find(
                Invariant::NoPhantom,
                format!(
                    "changes of {subject} at {} came with nothing",
                    batch.first_revision
                ),
            ),
        }
        if !own && !batch.ops.iter().all(|op| self.is_right_of(author, op)) {
            let text = format!("changes of {subject} were not allowed");
            self.find(Invariant::Authority, text);
        }
    }

    /// Checks a version that the room keeps.
    pub(super) fn judge_commit(&mut self, wire: &v1::Version, batch: &CommittedBatch) {
        let Ok(version) = Version::try_from(wire) else {
            self.find(Invariant::Versions, format!("{wire:?} is no version"));
            return;
        };
        let document = &self.history.document;
        if version.revision != self.history.head()
            || version.state_hash != document.state_hash()
            || version.committed_ms != batch.committed_ms
        {
            let text = format!("version {} does not keep what is there", version.id);
            self.find(Invariant::Versions, text);
        }
        if version.automatic {
            self.judge_automatic(&version);
        } else {
            self.judge_asked_commit(&version, batch.first_revision);
        }
    }

    fn judge_automatic(&mut self, version: &Version) {
        let wait = self.auto_commit.as_micros() as Micros;
        let rested = self.now >= self.commands.changed_at + wait;
        let base = self.history.document.last_version();
        let new = base.is_none_or(|base| base.revision < self.history.document.changed_revision());
        let plain = version.author == 0
            && version.name.is_empty()
            && version.base == base.map(|base| base.id);
        if wait == 0 || !rested || !new || !plain {
            let text = format!("nobody was to make version {} by itself", version.id);
            self.find(Invariant::Versions, text);
        }
    }

    fn judge_asked_commit(&mut self, version: &Version, revision: u64) {
        let newest = self.history.document.last_version().map(|last| last.id);
        let author = self.history.document.author(version.author);
        let subject = author.map(|author| author.identity().to_owned());
        let same = |one: &Asked| match &one.command {
            Command::Commit(Commit {
                name,
                message,
                base,
                ops,
            }) => {
                (name, message) == (&version.name, &version.message)
                    && version.base == base.or(newest)
                    && Some(&one.asker.subject) == subject.as_ref()
                    && one.asker.grants.annotate
                    && one.floor < revision
                    && ops.is_empty() == one.delivered.is_none()
            }
            _ => false,
        };
        match self.commands.waiting(same) {
            Some(one) => one.written = Some(revision),
            None => self.find(
                Invariant::Versions,
                format!("version {} was asked for by nobody, or twice", version.id),
            ),
        }
    }

    /// The room restores a state. Called once the op is in the judge's log.
    pub(super) fn judge_revert(&mut self, wire: &v1::Revert, batch: &CommittedBatch) {
        let revision = batch.first_revision;
        let before = self.history.document_at(revision - 1);
        let (Ok(before), Some(scope)) = (before, wire.scope.as_ref()) else {
            self.find(
                Invariant::Restores,
                format!("revision {revision} has no scope"),
            );
            return;
        };
        let Ok(scope) = Scope::try_from(scope) else {
            self.find(
                Invariant::Restores,
                format!("revision {revision} has no scope"),
            );
            return;
        };
        let restores = self.commands.asked.iter();
        let fits = restores.filter(|(_, one)| {
            let free = one.written.is_none() && one.floor < revision;
            free && self.leads(one, wire, &scope)
        });
        let found = fits.map(|(id, _)| *id).next();
        match found.and_then(|id| self.commands.asked.get_mut(&id)) {
            Some(one) => one.written = Some(revision),
            None => self.find(
                Invariant::Restores,
                format!("the restore at {revision} was asked for by nobody"),
            ),
        }
        let after = &self.history.document;
        let target = self.history.document_at(wire.target_revision);
        let astray = target.map_or(Some("nowhere".into()), |target| {
            led_astray(&before, after, &target, &scope, wire.author)
        });
        if let Some(astray) = astray {
            self.find(
                Invariant::Restores,
                format!("revision {revision}: {astray}"),
            );
        }
    }

    /// Returns whether a command asks for exactly this restore.
    fn leads(&self, one: &Asked, wire: &v1::Revert, scope: &Scope) -> bool {
        let Command::Restore(restore) = &one.command else {
            return false;
        };
        let document = &self.history.document;
        let key = one.asker.session_key.as_deref().unwrap_or(&OUTSIDE_KEY);
        let own = document.author_by_session(&one.asker.subject, key);
        let outside = document.author_by_session(&one.asker.subject, &OUTSIDE_KEY);
        let authors = match restore.whose {
            Whose::All => None,
            Whose::Author(author) => Some(author),
            Whose::Mine => own,
        };
        let frames = restore.frames.clone();
        let wanted = Scope {
            authors: authors.map(|author| [author].into()),
            frames: frames.map(|(media, range)| (FramesOf::Media(media.as_str().into()), range)),
        };
        let allowed = one.asker.grants.own || (one.asker.grants.annotate && authors == own);
        wanted == *scope
            && allowed
            && own.or(outside) == Some(wire.author)
            && self.is_target(one, restore.target, wire.target_revision)
    }

    pub(super) fn is_target(&self, one: &Asked, target: Target, revision: u64) -> bool {
        let document = &self.history.document;
        match target {
            Target::Revision(wanted) => wanted == revision,
            Target::Version(id) => {
                let version = document.version(id);
                version.is_some_and(|version| version.revision == revision)
            }
            Target::Time(ms) => self.history.was_head_at(ms, revision) || revision >= one.head,
        }
    }
}
