//! Commands: what is asked from outside of any session.
//!
//! Questions are answered, and older states asked for, while nothing is on its way to the log, so
//! that only what is durable is shown. Commits and rollbacks are then numbered as all else is, and
//! answered once they are durable.

use super::Room;
use crate::{
    Asker, Command, CommandId, Effect, Outcome, ReadToken, Reason, Refusal, Rollback, StateAt,
    Target, Whose, limits,
};
use fmz_annotation::{Document, FramesOf, version::VersionIds};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

/// What is done next for a command.
#[derive(Debug)]
pub(super) enum Step {
    Ask(Command),
    /// The state to go back to has come.
    Restore(Rollback, Box<Document>),
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: CommandId,
    pub(super) asker: Asker,
    pub(super) step: Step,
}

/// Commands on their way.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) ids: VersionIds,
    pub(super) waiting: VecDeque<Waiting>,
    /// Rollbacks whose state is being read.
    reading: BTreeMap<ReadToken, (CommandId, Asker, Rollback)>,
    reads: u64,
    /// Numbered, not durable.
    pub(super) flying: Vec<(CommandId, Outcome)>,
    /// The newest change that was seen, and when.
    pub(super) changed: (u64, Instant),
    /// Whether the room still commits by itself.
    pub(super) automatic: bool,
}

impl Commands {
    /// Goes on behind the versions of a document. `room` is the name of the room,
    /// and so of its video.
    pub(super) fn new(room: &str, document: &Document, automatic: bool, now: Instant) -> Self {
        let last = document.last_version().map(|version| version.id);
        Self {
            ids: VersionIds::after(video_number(room), last),
            waiting: VecDeque::new(),
            reading: BTreeMap::new(),
            reads: 0,
            flying: Vec::new(),
            changed: (document.changed_revision(), now),
            automatic,
        }
    }

    fn count(&self) -> usize {
        self.waiting.len() + self.reading.len() + self.flying.len()
    }

    /// Whether no command is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn read(&mut self, id: CommandId, asker: Asker, rollback: Rollback) -> ReadToken {
        self.reads += 1;
        let token = ReadToken(self.reads);
        self.reading.insert(token, (id, asker, rollback));
        token
    }

    /// All that will not be answered any more.
    fn abandon(&mut self) -> Vec<CommandId> {
        let waiting = self.waiting.drain(..).map(|waiting| waiting.id);
        let reading = std::mem::take(&mut self.reading);
        let reading = reading.into_values().map(|(id, ..)| id);
        let flying = self.flying.drain(..).map(|(id, _)| id);
        waiting.chain(reading).chain(flying).collect()
    }
}

/// The number of a room's video in the ids of its versions: any that stays the same.
fn video_number(room: &str) -> u16 {
    room.bytes().fold(0, |number: u16, byte| {
        number.wrapping_mul(31).wrapping_add(byte.into())
    })
}

impl Room {
    /// Takes a command; its answer is an [`Effect::Answer`].
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
            self.reply(id, Err(refusal));
            return;
        }
        let step = Step::Ask(command);
        self.commands.waiting.push_back(Waiting { id, asker, step });
        self.advance(now);
    }

    /// Takes the answer to [`Effect::ReadState`].
    ///
    /// # Errors
    /// None of its own: an `Err` given to it refuses the command that needed the state.
    pub fn handle_state<E: std::fmt::Display>(
        &mut self,
        token: ReadToken,
        answer: Result<Document, E>,
        now: Instant,
    ) {
        let Some((id, asker, rollback)) = self.commands.reading.remove(&token) else {
            return;
        };
        match answer {
            Ok(state) => {
                let step = Step::Restore(rollback, Box::new(state));
                self.commands.waiting.push_back(Waiting { id, asker, step });
            }
            Err(error) => {
                tracing::warn!(room = self.info.room, %error, "an older state cannot be read");
                let text = "the older state cannot be read";
                self.reply(id, Err(Refusal::new("storage", text)));
            }
        }
        self.advance(now);
    }

    fn may(&self, asker: &Asker, command: &Command) -> bool {
        let grants = &asker.grants;
        match command {
            Command::Commit(_) => grants.annotate,
            Command::Rollback(Rollback { whose, .. }) => {
                let own = match whose {
                    Whose::All => false,
                    Whose::Mine => true,
                    Whose::Author(author) => self.own_author(asker) == Some(*author),
                };
                grants.own || (own && grants.annotate)
            }
            Command::Versions { .. } | Command::Version(_) | Command::Frames { .. } => grants.view,
        }
    }

    pub(super) fn reply(&mut self, command: CommandId, answer: Result<Outcome, Refusal>) {
        self.effects.push_back(Effect::Answer { command, answer });
    }

    /// Answers what was numbered and is durable now.
    pub(super) fn answer_landed(&mut self) {
        for (id, outcome) in std::mem::take(&mut self.commands.flying) {
            self.reply(id, Ok(outcome));
        }
    }

    /// Refuses all that is on its way: the room is closed.
    pub(super) fn abandon_commands(&mut self, reason: Reason) {
        for id in self.commands.abandon() {
            self.reply(id, Err(closed(reason)));
        }
    }

    /// Answers questions and asks for older states. The document is what is durable: nothing
    /// flies, nothing is numbered.
    pub(super) fn look(&mut self) {
        let (questions, rest) = std::mem::take(&mut self.commands.waiting)
            .into_iter()
            .partition(Waiting::only_looks);
        self.commands.waiting = rest;
        let questions: VecDeque<Waiting> = questions;
        for Waiting { id, asker, step } in questions {
            match step {
                Step::Ask(Command::Rollback(rollback)) => self.read_state(id, asker, rollback),
                Step::Ask(question) => {
                    let answer = self.ask(question);
                    self.reply(id, answer);
                }
                Step::Restore(..) => {}
            }
        }
    }

    fn ask(&self, question: Command) -> Result<Outcome, Refusal> {
        let document = self.sequencer.document();
        match question {
            Command::Versions { before, limit } => {
                let older = |id| before.is_none_or(|before| id < before);
                let newest = document.versions().rev();
                let versions = newest.filter(|version| older(version.id)).take(limit);
                Ok(Outcome::Versions(versions.cloned().collect()))
            }
            Command::Version(id) => {
                let version = document.version(id).cloned();
                version.map(Outcome::Version).ok_or_else(unknown_version)
            }
            Command::Frames {
                media,
                range,
                limit,
            } => {
                let of = self.frames_of(&media)?;
                let frames = document.frames(&of, range).take(limit);
                let frames = frames.map(|(frame, history)| (frame, history.clone()));
                Ok(Outcome::Frames(frames.collect()))
            }
            Command::Commit(_) | Command::Rollback(_) => {
                Err(Refusal::new("internal", "not a question"))
            }
        }
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

    fn read_state(&mut self, id: CommandId, asker: Asker, rollback: Rollback) {
        match self.locate(rollback.target) {
            Ok(at) => {
                let token = self.commands.read(id, asker, rollback);
                self.effects.push_back(Effect::ReadState { token, at });
            }
            Err(refusal) => self.reply(id, Err(refusal)),
        }
    }

    fn locate(&self, target: Target) -> Result<StateAt, Refusal> {
        let document = self.sequencer.document();
        match target {
            Target::Version(id) => {
                let version = document.version(id).ok_or_else(unknown_version)?;
                Ok(StateAt::Revision(version.revision))
            }
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

impl Waiting {
    fn only_looks(&self) -> bool {
        match &self.step {
            Step::Ask(Command::Commit(_)) | Step::Restore(..) => false,
            Step::Ask(_) => true,
        }
    }
}

pub(super) fn unknown_version() -> Refusal {
    Refusal::new("unknown_version", "there is no such version")
}

fn closed(reason: Reason) -> Refusal {
    Refusal::new(reason.code(), reason.text())
}
