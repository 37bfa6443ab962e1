//! The commands that REST gives to a room, and the askers that wait for their outcomes.

use fmz_annotation::version::{FrameHistory, Version, VersionId};
use fmz_signaling_core::{
    Command, CommandId, Commit, Committed, Outcome, Question, Refusal, Restore, Restored,
};
use std::{collections::BTreeMap, ops::RangeInclusive};
use tokio::sync::oneshot;

/// Takes the room's answer to a command, which is an `A`.
pub(crate) type Reply<A> = oneshot::Sender<Result<A, Refusal>>;

/// A command, with the sender of an answer of its kind.
#[derive(Debug)]
pub(crate) enum Request {
    Commit(Commit, Reply<Committed>),
    Restore(Restore, Reply<Restored>),
    /// Versions before one, and how many of them at most.
    Versions(Option<VersionId>, usize, Reply<Vec<Version>>),
    Version(VersionId, Reply<Version>),
    /// Frames of a media, and how many of them at most.
    Frames(
        String,
        RangeInclusive<u32>,
        usize,
        Reply<Vec<(u32, FrameHistory)>>,
    ),
}

/// The replies that a room owes. The room bounds how many there are: it refuses further commands.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Commands given so far.
    given: u64,
    commits: Waiting<Committed>,
    restores: Waiting<Restored>,
    versions: Waiting<Vec<Version>>,
    version: Waiting<Version>,
    frames: Waiting<Vec<(u32, FrameHistory)>>,
}

impl Replies {
    /// Keeps the reply, and returns the command for the room.
    pub(super) fn add(&mut self, request: Request) -> (CommandId, Command) {
        self.given += 1;
        let id = CommandId(self.given);
        let command = match request {
            Request::Commit(commit, reply) => {
                self.commits.add(id, reply);
                Command::Commit(commit)
            }
            Request::Restore(restore, reply) => {
                self.restores.add(id, reply);
                Command::Restore(restore)
            }
            Request::Versions(before, limit, reply) => {
                self.versions.add(id, reply);
                Command::Question(Question::Versions { before, limit })
            }
            Request::Version(version, reply) => {
                self.version.add(id, reply);
                Command::Question(Question::Version(version))
            }
            Request::Frames(media, range, limit, reply) => {
                self.frames.add(id, reply);
                Command::Question(Question::Frames {
                    media,
                    range,
                    limit,
                })
            }
        };
        (id, command)
    }

    /// Sends an outcome to the asker of its command.
    pub(super) fn send(&mut self, id: CommandId, outcome: Outcome) {
        match outcome {
            Outcome::Commit(answer) => self.commits.send(id, answer),
            Outcome::Restore(answer) => self.restores.send(id, answer),
            Outcome::Versions(answer) => self.versions.send(id, answer),
            Outcome::Version(answer) => self.version.send(id, answer),
            Outcome::Frames(answer) => self.frames.send(id, answer),
        }
    }
}

/// Replies of one kind.
#[derive(Debug)]
struct Waiting<A>(BTreeMap<CommandId, Reply<A>>);

impl<A> Waiting<A> {
    fn add(&mut self, id: CommandId, reply: Reply<A>) {
        self.0.insert(id, reply);
    }

    fn send(&mut self, id: CommandId, answer: Result<A, Refusal>) {
        let reply = self.0.remove(&id);
        let reply = reply.expect("a room answers each command once, with an outcome of its kind");
        // The asker may have gone; what was done stays done.
        let _ = reply.send(answer);
    }
}

impl<A> Default for Waiting<A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
