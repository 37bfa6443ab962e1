//! What each command takes.

use super::{
    every_grants,
    table::{ADA, BEN, RECTANGLE, set},
    world,
};
use crate::versions::code;
use fmz_annotation::version::{COMMITTER, VersionId};
use fmz_proto::v1::{Grants, Op, property};
use fmz_signaling_core::{Asker, Command, Commit, Question, Restore, Target, Whose};

/// What a command takes.
type Needs = fn(Grants) -> bool;

fn restore(whose: Whose, frames: bool) -> Command {
    Command::Restore(Restore {
        target: Target::Revision(0),
        whose,
        frames: frames.then(|| ("film".into(), 0..=9)),
    })
}

fn commit(of: Option<u32>) -> Command {
    let ops = of.map(|of| Op {
        op: Some(set(of, RECTANGLE, property::Value::Color(7))),
    });
    Command::Commit(Commit {
        ops: ops.into_iter().collect(),
        ..Commit::default()
    })
}

fn commands() -> [(Command, Needs, &'static str); 15] {
    let annotate: Needs = |grants| grants.annotate;
    let own: Needs = |grants| grants.own;
    let mine: Needs = |grants| grants.annotate || grants.own;
    let view: Needs = |grants| grants.view;
    let versions = |before| Command::Question(Question::Versions { before, limit: 9 });
    let frames = |media: &str| {
        Command::Question(Question::Frames {
            media: media.into(),
            range: 0..=9,
            limit: 9,
        })
    };
    [
        (commit(None), annotate, "ok"),
        (restore(Whose::All, false), own, "ok"),
        (restore(Whose::All, true), own, "ok"),
        (restore(Whose::Author(BEN), false), own, "ok"),
        (restore(Whose::Author(BEN), true), own, "ok"),
        (restore(Whose::Author(99), false), own, "unknown_author"),
        (restore(Whose::Author(ADA), false), mine, "ok"),
        (restore(Whose::Author(ADA), true), mine, "ok"),
        (restore(Whose::Mine, false), mine, "ok"),
        (restore(Whose::Mine, true), mine, "ok"),
        (versions(None), view, "ok"),
        (versions(VersionId::new(1 << 30)), view, "ok"),
        (
            Command::Question(Question::Version(VersionId::new(1 << 30).unwrap())),
            view,
            "unknown_version",
        ),
        (frames("film"), view, "ok"),
        (frames("unknown"), view, "unknown_media"),
    ]
}

fn ada(grants: Grants) -> Asker {
    Asker {
        subject: "ada".into(),
        name: "ADA".into(),
        grants,
        session_key: Some(vec![b'a'; 16].into()),
    }
}

#[test]
fn grant3_who_may_give_which_command() {
    for grants in every_grants() {
        for (number, (command, needs, granted)) in commands().into_iter().enumerate() {
            let mut world = world();
            let before = world.room.document().revision();
            let expected = if needs(grants) { granted } else { "forbidden" };
            let answer = code(&world.ask(ada(grants), command));
            assert_eq!(answer, expected, "command {number}, {grants:?}");
            let done = world.room.document().revision() > before;
            assert!(!done || answer == "ok", "refused, and yet done");
        }
    }
}

#[test]
fn grant4_changes_that_come_with_a_commit_are_held_to_the_rules_of_ops() {
    for grants in every_grants() {
        for of in [COMMITTER, BEN] {
            let mut world = world();
            let expected = match (grants.annotate, grants.own) {
                (false, _) => "forbidden",
                (true, true) if of == BEN => "ok",
                (true, false) if of == BEN => "not_yours",
                // The one who commits has no object of this number.
                (true, _) => "unknown_object",
            };
            let answer = code(&world.ask(ada(grants), commit(Some(of))));
            assert_eq!(answer, expected, "{of}, {grants:?}");
            let versions = world.room.document().version_count();
            assert_eq!(versions == 1, expected == "ok");
        }
    }
}
