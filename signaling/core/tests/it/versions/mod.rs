//! Versions and restores, asked for from outside of any session.

mod commits;
mod onto;
mod restores;

use crate::world::{DRAW, VIEW, World};
use fmz_annotation::{
    Document,
    version::{Version, VersionId},
};
use fmz_proto::v1::{Grants, Op, op};
use fmz_signaling_core::{
    Asker, Command, Commit, Committed, Outcome, Question, Restore, RoomLimits, SessionId, Target,
    Whose, limits,
};
use std::time::Duration;

pub(crate) const OWN: Grants = Grants { own: true, ..DRAW };
/// A room that makes no versions by itself.
const BY_HAND: Duration = Duration::ZERO;

fn world() -> World {
    with_auto_commit(BY_HAND)
}

pub(crate) fn with_auto_commit(auto_commit: Duration) -> World {
    let limits = RoomLimits {
        auto_commit,
        ..RoomLimits::default()
    };
    World::with(limits, Document::new())
}

/// Ada (author 1) and Ben (author 2), who may draw.
pub(crate) fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    world.pass(limits::TICK);
    world.forget();
    (ada, ben)
}

/// Somebody outside of sessions.
fn asker(subject: &str, grants: Grants) -> Asker {
    Asker {
        subject: subject.into(),
        name: subject.to_uppercase(),
        grants,
        session_key: None,
    }
}

/// Somebody's page.
pub(crate) fn page(subject: &str, grants: Grants) -> Asker {
    let key = vec![subject.as_bytes()[0]; 16];
    Asker {
        session_key: Some(key.into()),
        ..asker(subject, grants)
    }
}

pub(crate) fn named(name: &str) -> Command {
    Command::Commit(Commit {
        name: name.into(),
        ..Commit::default()
    })
}

pub(crate) fn commit(world: &mut World, name: &str) -> Version {
    match world.ask(page("ada", DRAW), named(name)) {
        Outcome::Commit(Ok(Committed { version, .. })) => version,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn back_to(target: Target) -> Restore {
    Restore {
        target,
        whose: Whose::All,
        frames: None,
    }
}

pub(crate) fn code(outcome: &Outcome) -> &'static str {
    outcome.refusal().map_or("ok", |refusal| refusal.code)
}

fn visible(document: &Document) -> Vec<(u32, u32)> {
    let seen = document.objects().filter(|object| !object.deleted());
    seen.map(|object| (object.id().author(), object.id().counter()))
        .collect()
}

pub(crate) fn listed(world: &mut World, before: Option<VersionId>, limit: usize) -> Vec<Version> {
    let question = Question::Versions { before, limit };
    match world.ask(asker("eve", VIEW), Command::Question(question)) {
        Outcome::Versions(Ok(versions)) => versions,
        other => panic!("{other:?}"),
    }
}

fn wrap(op: op::Op) -> Op {
    Op { op: Some(op) }
}
