//! Commits and restores, as ops in the one order.

use super::{
    Room,
    commands::{Asked, Write, Written, unknown_version},
};
use crate::{Asker, Commit, Committed, Outcome, Refusal, Restore, Restored, Whose, limits};
use fmz_annotation::{
    Authority, Document, Ops,
    version::{self, Overwritten, Scope, Version},
};
use fmz_proto::{
    Message as _,
    v1::{self, AuthorAdded, Op, op},
};
use std::time::Instant;

/// Session key of authors who commit from outside of a session. It is the digest of no key that a
/// page could send.
const OUTSIDE_KEY: [u8; fmz_proto::limits::SESSION_KEY_BYTES] =
    [0; fmz_proto::limits::SESSION_KEY_BYTES];

impl Room {
    /// Numbers the room's own commit if it is due, then the commits and restores that wait. The
    /// room's own comes first, because a change that those make is not old.
    pub(super) fn write_versions(&mut self, now: Instant) {
        if self.commit_due().is_some_and(|due| due <= now) {
            self.commit_by_itself(now);
        }
        for write in std::mem::take(&mut self.commands.writes) {
            match write {
                Write::Commit(Asked { id, asker, command }) => {
                    match self.commit(&asker, command, now) {
                        Ok(committed) => self.commands.flying.push(Written::Commit(id, committed)),
                        Err(refusal) => self.reply(id, Outcome::Commit(Err(refusal))),
                    }
                }
                Write::Restore(Asked { id, asker, command }, state) => {
                    match self.restore(&asker, &command, &state, now) {
                        Ok(restored) => self.commands.flying.push(Written::Restore(id, restored)),
                        Err(refusal) => self.reply(id, Outcome::Restore(Err(refusal))),
                    }
                }
            }
        }
    }

    fn commit(
        &mut self,
        asker: &Asker,
        commit: Commit,
        now: Instant,
    ) -> Result<Committed, Refusal> {
        let Commit {
            name,
            message,
            base,
            ops,
        } = commit;
        self.check_commit(&name, &message, &ops)?;
        let document = self.sequencer.document();
        let base = match base {
            Some(id) => Some(document.version(id).ok_or_else(unknown_version)?.clone()),
            None => document.last_version().cloned(),
        };
        let since = base.as_ref().map_or(0, |base| base.revision);
        let overwritten = self.deliver(asker, since, ops, now)?;
        let author = self.acting_author(asker, now)?;
        let wanted = Version {
            base: base.map(|base| base.id),
            author,
            name,
            message,
            ..self.blank_version(now)?
        };
        let version = self.write_version(wanted, now)?;
        Ok(Committed {
            version,
            overwritten,
        })
    }

    /// Refuses a commit that would fail only after a part of it is numbered.
    fn check_commit(&self, name: &str, message: &str, ops: &[Op]) -> Result<(), Refusal> {
        let fits = name.len() <= fmz_annotation::limits::VERSION_NAME_BYTES_MAX
            && message.len() <= fmz_annotation::limits::VERSION_MESSAGE_BYTES_MAX
            && ops.len() <= fmz_proto::limits::BATCH_OPS_MAX;
        if !fits {
            let text = format!(
                "a name has at most {} bytes, a message {} bytes, a batch {} ops",
                fmz_annotation::limits::VERSION_NAME_BYTES_MAX,
                fmz_annotation::limits::VERSION_MESSAGE_BYTES_MAX,
                fmz_proto::limits::BATCH_OPS_MAX
            );
            return Err(Refusal::new("out_of_range", text));
        }
        if self.document().version_count() >= fmz_annotation::limits::VERSIONS_MAX {
            return Err(Refusal::new(
                "too_many_versions",
                format!(
                    "a room keeps at most {} versions",
                    fmz_annotation::limits::VERSIONS_MAX
                ),
            ));
        }
        Ok(())
    }

    fn blank_version(&mut self, now: Instant) -> Result<Version, Refusal> {
        let committed_ms = self.unix_ms(now);
        let id = self.commands.ids.next(committed_ms);
        let document = self.sequencer.document();
        Ok(Version {
            id: id.ok_or_else(|| Refusal::new("clock", "the clock is beyond 2089"))?,
            base: document.last_version().map(|version| version.id),
            revision: 0,
            author: 0,
            name: String::new(),
            message: String::new(),
            committed_ms,
            state_hash: 0,
            automatic: false,
        })
    }

    fn write_version(&mut self, wanted: Version, now: Instant) -> Result<Version, Refusal> {
        let document = self.sequencer.document();
        let version = Version {
            revision: document.revision(),
            state_hash: document.state_hash(),
            ..wanted
        };
        let commit = op::Op::Commit(v1::Commit {
            version: Some((&version).into()),
        });
        self.number_own(commit, now)?;
        Ok(version)
    }

    /// Numbers the changes that come with a commit. Returns the changes of others
    /// that they replace.
    fn deliver(
        &mut self,
        asker: &Asker,
        since: u64,
        ops: Vec<Op>,
        now: Instant,
    ) -> Result<Vec<Overwritten>, Refusal> {
        if ops.is_empty() {
            return Ok(Vec::new());
        }
        // Not the number of a page: a page counts its own batches, and would take this one for a
        // batch of its own that was lost.
        let author = self.outside_author(asker, now)?;
        let document = self.sequencer.document();
        let ops = version::claim(ops, author, document.last_counter(author));
        let ops = ops.ok_or_else(|| Refusal::new("out_of_range", "too many objects"))?;
        let ops = Ops::check(ops).map_err(|error| Refusal::new(error.code(), error.to_string()))?;
        let overwritten = version::overwritten(document, since, author, &ops);
        let ops = self
            .sequencer
            .rebase(author, since, ops)
            .map_err(|refused| Refusal::new(refused.code, refused.text))?;
        let client_seq = document.last_client_seq(author) + 1;
        let authority = match asker.grants.own {
            true => Authority::Owner,
            false => Authority::Author,
        };
        let ms = self.unix_ms(now);
        self.sequencer
            .number(author, authority, client_seq, ops, ms, now)
            .map_err(|refused| Refusal::new(refused.code, refused.text))?;
        Ok(overwritten)
    }

    fn restore(
        &mut self,
        asker: &Asker,
        restore: &Restore,
        state: &Document,
        now: Instant,
    ) -> Result<Restored, Refusal> {
        let target = state.revision();
        let scope = self.scope(asker, restore)?;
        let restores = version::restores(self.sequencer.document(), state, &scope);
        let objects = restores.len();
        if objects > 0 {
            let author = self.acting_author(asker, now)?;
            let revert = version::Revert::new(target, scope, author, restores);
            let revert = v1::Revert::from(&revert);
            if revert.encoded_len() > limits::REVERT_BYTES_MAX {
                let text = "too much differs: restore fewer frames, or in smaller steps";
                return Err(Refusal::new("rollback_too_large", text));
            }
            self.number_own(op::Op::Revert(revert), now)?;
        }
        Ok(Restored {
            revision: self.sequencer.document().revision(),
            target,
            objects,
        })
    }

    fn scope(&self, asker: &Asker, restore: &Restore) -> Result<Scope, Refusal> {
        let author = match restore.whose {
            Whose::All => None,
            Whose::Author(author) => Some(author),
            Whose::Mine => Some(self.own_author(asker).ok_or_else(unknown_author)?),
        };
        if author.is_some_and(|author| self.document().author(author).is_none()) {
            return Err(unknown_author());
        }
        let frames = match &restore.frames {
            Some((media, range)) => Some((self.frames_of(media)?, range.clone())),
            None => None,
        };
        Ok(Scope {
            authors: author.map(|author| [author].into()),
            frames,
        })
    }

    /// Returns the author number of the asker: that of its page, or the number that its subject has
    /// outside of sessions. `None` if it has none yet.
    pub(super) fn own_author(&self, asker: &Asker) -> Option<u32> {
        let key = asker.session_key.as_deref().unwrap_or(&OUTSIDE_KEY);
        self.document().author_by_session(&asker.subject, key)
    }

    /// Returns the author number of the asker, and gives it a number if it has none.
    fn acting_author(&mut self, asker: &Asker, now: Instant) -> Result<u32, Refusal> {
        match self.own_author(asker) {
            Some(author) => Ok(author),
            None => self.outside_author(asker, now),
        }
    }

    /// Returns the number that the asker's subject has outside of sessions, and gives
    /// it a number if it has none.
    fn outside_author(&mut self, asker: &Asker, now: Instant) -> Result<u32, Refusal> {
        let document = self.sequencer.document();
        if let Some(author) = document.author_by_session(&asker.subject, &OUTSIDE_KEY) {
            return Ok(author);
        }
        let author = document.next_author();
        let added = op::Op::AuthorAdded(AuthorAdded {
            author,
            identity: asker.subject.clone(),
            name: asker.name.clone(),
            session_key: OUTSIDE_KEY.to_vec().into(),
        });
        self.number_own(added, now)?;
        Ok(author)
    }

    /// Numbers an op that the server itself makes.
    fn number_own(&mut self, op: op::Op, now: Instant) -> Result<(), Refusal> {
        let ms = self.unix_ms(now);
        self.sequencer
            .number_own(op, ms, now)
            .map_err(|refused| Refusal::new(refused.code, refused.text))
    }

    fn commit_by_itself(&mut self, now: Instant) {
        let written = self.check_commit("", "", &[]).and_then(|()| {
            let wanted = Version {
                automatic: true,
                ..self.blank_version(now)?
            };
            self.write_version(wanted, now)
        });
        if let Err(refusal) = written {
            tracing::warn!(
                room = self.info.room,
                code = refusal.code,
                "no version can be made"
            );
            self.commands.automatic = false;
        }
    }

    /// Returns when the room commits by itself: `auto_commit` after the last change, if there is a
    /// change that no version holds.
    pub(super) fn commit_due(&self) -> Option<Instant> {
        let document = self.sequencer.document();
        let kept = document
            .last_version()
            .map_or(0, |version| version.revision);
        let wanted = self.commands.automatic && document.changed_revision() > kept;
        let (_, at) = self.commands.changed;
        wanted.then(|| at + self.info.limits.auto_commit)
    }

    /// Notes the time if the document has changed since the last call.
    pub(super) fn note_change(&mut self, now: Instant) {
        let changed = self.sequencer.document().changed_revision();
        if self.commands.changed.0 != changed {
            self.commands.changed = (changed, now);
        }
    }
}

fn unknown_author() -> Refusal {
    Refusal::new("unknown_author", "there is no such author")
}
