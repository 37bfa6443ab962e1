//! Commands that are on their way through the room, from outside of any session.
//!
//! The room answers questions, and asks for older states, while nothing is on its way to the log,
//! so that it shows only what is durable. Commits and restores then get revisions as all ops do,
//! and are answered once they are durable.

use super::Room;
use crate::{
    Asker, Command, CommandId, Commit, Committed, Effect, Outcome, Question, ReadToken, Reason,
    Refusal, Restore, Restored, StateAt, Target, Whose, limits,
};
use fmz_annotation::{
    Document, FramesOf,
    version::{FrameHistory, Version, VersionId, VersionIds},
};
use std::{
    collections::{BTreeMap, VecDeque},
    ops::RangeInclusive,
    time::Instant,
};

/// A command whose asker waits for the answer.
#[derive(Debug)]
pub(super) struct Asked<C> {
    pub(super) id: CommandId,
    pub(super) asker: Asker,
    pub(super) command: C,
}

/// A command that the next round of numbering writes.
#[derive(Debug)]
pub(super) enum Write {
    Commit(Asked<Commit>),
    /// With the older state, which has been read.
    Restore(Asked<Restore>, Box<Document>),
}

/// What was written for a command, before it is durable.
#[derive(Debug)]
pub(super) enum Written {
    Commit(CommandId, Committed),
    Restore(CommandId, Restored),
}

/// Commands on their way, at most [`limits::COMMANDS_MAX`].
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) ids: VersionIds,
    questions: Vec<(CommandId, Question)>,
    /// Restores whose state is not asked for yet.
    restores: Vec<Asked<Restore>>,
    /// Restores whose state is being read.
    reading: BTreeMap<ReadToken, Asked<Restore>>,
    reads: u64,
    /// In the order in which they were given, or their states came.
    pub(super) writes: VecDeque<Write>,
    /// Numbered, not durable.
    pub(super) flying: Vec<Written>,
    /// The newest change that was seen, and when.
    pub(super) changed: (u64, Instant),
    /// True while the room still commits by itself.
    pub(super) automatic: bool,
}

impl Commands {
    /// Continues behind the versions of a document. `room` is the name of the room, and so of its
    /// video.
    pub(super) fn new(room: &str, document: &Document, automatic: bool, now: Instant) -> Self {
        let last = document.last_version().map(|version| version.id);
        Self {
            ids: VersionIds::after(video_number(room), last),
            questions: Vec::new(),
            restores: Vec::new(),
            reading: BTreeMap::new(),
            reads: 0,
            writes: VecDeque::new(),
            flying: Vec::new(),
            changed: (document.changed_revision(), now),
            automatic,
        }
    }

    fn count(&self) -> usize {
        self.questions.len()
            + self.restores.len()
            + self.reading.len()
            + self.writes.len()
            + self.flying.len()
    }

    /// Returns whether no command is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn add(&mut self, id: CommandId, asker: Asker, command: Command) {
        match command {
            Command::Commit(command) => {
                let asked = Asked { id, asker, command };
                self.writes.push_back(Write::Commit(asked));
            }
            Command::Restore(command) => self.restores.push(Asked { id, asker, command }),
            Command::Question(question) => self.questions.push((id, question)),
        }
    }

    fn read(&mut self, restore: Asked<Restore>) -> ReadToken {
        self.reads += 1;
        let token = ReadToken(self.reads);
        self.reading.insert(token, restore);
        token
    }

    /// Takes all commands that are on their way, and refuses each of them.
    fn abandon(&mut self, refusal: &Refusal) -> Vec<(CommandId, Outcome)> {
        let questions = self.questions.drain(..);
        let questions = questions.map(|(id, question)| (id, question.refuse(refusal.clone())));
        let reading = std::mem::take(&mut self.reading).into_values();
        let restores = self.restores.drain(..).chain(reading);
        let restores = restores.map(|asked| (asked.id, Outcome::Restore(Err(refusal.clone()))));
        let writes = self.writes.drain(..).map(|write| match write {
            Write::Commit(asked) => (asked.id, Outcome::Commit(Err(refusal.clone()))),
            Write::Restore(asked, _) => (asked.id, Outcome::Restore(Err(refusal.clone()))),
        });
        let flying = self.flying.drain(..).map(|written| match written {
            Written::Commit(id, _) => (id, Outcome::Commit(Err(refusal.clone()))),
            Written::Restore(id, _) => (id, Outcome::Restore(Err(refusal.clone()))),
        });
        questions
            .chain(restores)
            .chain(writes)
            .chain(flying)
            .collect()
    }
}

/// Returns the number that stands for a room's video in the ids of its versions: any number does
/// that stays the same.
fn video_number(room: &str) -> u16 {
    room.bytes().fold(0, |number: u16, byte| {
        number.wrapping_mul(31).wrapping_add(byte.into())
    })
}

impl Room {
    /// Takes a command. Its answer is an [`Effect::Answer`], of the command's kind.
    pub fn handle_command(&mut self, id: CommandId, asker: Asker, command: Command, now: Instant) {
        let refusal = match self.closed {
            Some(reason) => Some(closed(reason)),
            None if self.commands.count() >= limits::COMMANDS_MAX => Some(Refusal::new(
                "busy",
                format!(
                    "a room takes {} requests at once; try again",
                    limits::COMMANDS_MAX
                ),
            )),
            None if !self.may(&asker, &command) => {
                Some(Refusal::new("forbidden", "your token does not allow this"))
            }
            None => None,
        };
        if let Some(refusal) = refusal {
            self.reply(id, command.refuse(refusal));
            return;
        }
        self.commands.add(id, asker, command);
        self.advance(now);
    }

    /// Takes the answer to [`Effect::ReadState`]. An `Err` refuses the restore that needed the
    /// state.
    pub fn handle_state<E: std::fmt::Display>(
        &mut self,
        token: ReadToken,
        answer: Result<Document, E>,
        now: Instant,
    ) {
        // A room that closed meanwhile has refused the command already.
        let Some(asked) = self.commands.reading.remove(&token) else {
            return;
        };
        match answer {
            Ok(state) => {
                let write = Write::Restore(asked, Box::new(state));
                self.commands.writes.push_back(write);
            }
            Err(error) => {
                tracing::warn!(room = self.info.room, %error, "an older state cannot be read");
                let refusal = Refusal::new("storage", "the older state cannot be read");
                self.reply(asked.id, Outcome::Restore(Err(refusal)));
            }
        }
        self.advance(now);
    }

    fn may(&self, asker: &Asker, command: &Command) -> bool {
        let grants = &asker.grants;
        match command {
            Command::Commit(_) => grants.annotate,
            Command::Restore(Restore { whose, .. }) => {
                let own = match whose {
                    Whose::All => false,
                    Whose::Mine => true,
                    Whose::Author(author) => self.own_author(asker) == Some(*author),
                };
                grants.own || (own && grants.annotate)
            }
            Command::Question(_) => grants.view,
        }
    }

    pub(super) fn reply(&mut self, command: CommandId, outcome: Outcome) {
        self.effects.push_back(Effect::Answer { command, outcome });
    }

    /// Answers the commands whose ops are durable now.
    pub(super) fn answer_landed(&mut self) {
        for written in std::mem::take(&mut self.commands.flying) {
            match written {
                Written::Commit(id, committed) => self.reply(id, Outcome::Commit(Ok(committed))),
                Written::Restore(id, restored) => self.reply(id, Outcome::Restore(Ok(restored))),
            }
        }
    }

    /// Refuses all commands that are on their way: the room is closed.
    pub(super) fn abandon_commands(&mut self, reason: Reason) {
        for (id, answer) in self.commands.abandon(&closed(reason)) {
            self.reply(id, answer);
        }
    }

    /// Answers questions, and asks for the older states that restores need. The document is just
    /// what is durable: no append is on its way, and nothing is numbered.
    pub(super) fn answer_questions(&mut self) {
        for (id, question) in std::mem::take(&mut self.commands.questions) {
            let answer = self.ask(question);
            self.reply(id, answer);
        }
        for asked in std::mem::take(&mut self.commands.restores) {
            self.read_state(asked);
        }
    }

    fn ask(&self, question: Question) -> Outcome {
        match question {
            Question::Versions { before, limit } => {
                Outcome::Versions(Ok(self.versions(before, limit)))
            }
            Question::Version(id) => Outcome::Version(self.version(id)),
            Question::Frames {
                media,
                range,
                limit,
            } => Outcome::Frames(self.frames(&media, range, limit)),
        }
    }

    fn versions(&self, before: Option<VersionId>, limit: usize) -> Vec<Version> {
        let newest = self.document().versions().rev();
        let older = newest.filter(|version| before.is_none_or(|before| version.id < before));
        older.take(limit).cloned().collect()
    }

    fn version(&self, id: VersionId) -> Result<Version, Refusal> {
        let version = self.document().version(id).cloned();
        version.ok_or_else(unknown_version)
    }

    fn frames(
        &self,
        media: &str,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, FrameHistory)>, Refusal> {
        let of = self.frames_of(media)?;
        let frames = self.document().frames(&of, range).take(limit);
        Ok(frames
            .map(|(frame, history)| (frame, history.clone()))
            .collect())
    }

    /// Returns the frames that a command is about.
    pub(super) fn frames_of(&self, media: &str) -> Result<FramesOf, Refusal> {
        let known = self.sequencer.document().media(media);
        let known = known.map(|media| FramesOf::Media(media.id.clone()));
        known.ok_or_else(|| {
            let text = format!("this room has no media {media:?}");
            Refusal::new("unknown_media", text)
        })
    }

    fn read_state(&mut self, asked: Asked<Restore>) {
        match self.locate(asked.command.target) {
            Ok(at) => {
                let token = self.commands.read(asked);
                self.effects.push_back(Effect::ReadState { token, at });
            }
            Err(refusal) => self.reply(asked.id, Outcome::Restore(Err(refusal))),
        }
    }

    fn locate(&self, target: Target) -> Result<StateAt, Refusal> {
        let document = self.sequencer.document();
        match target {
            Target::Version(id) => Ok(StateAt::Revision(self.version(id)?.revision)),
            Target::Revision(revision) if revision <= document.revision() => {
                Ok(StateAt::Revision(revision))
            }
            Target::Revision(_) => Err(Refusal::new(
                "unknown_revision",
                "there is no such revision",
            )),
            Target::Time(ms) => {
                let versions = document.versions().rev();
                let mut before = versions.filter(|version| version.id.unix_ms() <= ms);
                let from = before.next().map_or(0, |version| version.revision);
                Ok(StateAt::Time { ms, from })
            }
        }
    }
}

pub(super) fn unknown_version() -> Refusal {
    Refusal::new("unknown_version", "there is no such version")
}

fn closed(reason: Reason) -> Refusal {
    Refusal::new(reason.code(), reason.text())
}
