//! Making versions and looking at them.

use super::{OWN, asker, back_to, code, commit, listed, named, page, pair, world};
use crate::world::{DRAW, VIEW, ops, rectangle, revisions};
use fmz_annotation::version::VersionId;
use fmz_proto::v1::Grants;
use fmz_signaling_core::{
    Command, Committed, Outcome, Question, Reason, Restore, Target, Whose, limits,
};

#[test]
fn commit1_a_commit_is_answered_once_it_is_durable_and_everyone_is_told() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    world.prompt = false;
    let id = world.give(page("ada", DRAW), named("Cut 1"));
    assert_eq!((world.appends.len(), world.answers.len()), (1, 0));
    world.append();
    world.pass(limits::TICK);
    let Some(Outcome::Commit(Ok(Committed { version, .. }))) = world.answers.remove(&id) else {
        panic!("no version");
    };
    assert_eq!(
        (version.revision, version.author, version.base),
        (3, 1, None)
    );
    assert_eq!((version.name.as_str(), version.automatic), ("Cut 1", false));
    assert_eq!(revisions(&world.messages(ben)), [3, 4]);
    assert_eq!(world.room.document().version(version.id), Some(&version));
}

#[test]
fn commit2_versions_are_listed_newest_first_in_pages() {
    let mut world = world();
    let (ada, _) = pair(&mut world);
    let mut made = Vec::new();
    for client_seq in 1..=5 {
        world.say(ada, ops(rectangle(1, client_seq)));
        made.push(commit(&mut world, "cut"));
    }
    made.reverse();
    let bases: Vec<_> = made.iter().map(|version| version.base).collect();
    assert_eq!(
        bases[..4],
        made[1..]
            .iter()
            .map(|version| Some(version.id))
            .collect::<Vec<_>>()
    );
    assert_eq!(listed(&mut world, None, 3), made[..3]);
    assert_eq!(listed(&mut world, Some(made[2].id), 3), made[3..]);
    let show = |id| Command::Question(Question::Version(id));
    let one = world.ask(asker("eve", VIEW), show(made[1].id));
    assert_eq!(one, Outcome::Version(Ok(made[1].clone())));
    let none = VersionId::new(77).expect("above 0");
    assert_eq!(
        code(&world.ask(asker("eve", VIEW), show(none))),
        "unknown_version"
    );
}

#[test]
fn commit3_nothing_is_shown_that_is_not_durable() {
    let mut world = world();
    pair(&mut world);
    world.prompt = false;
    world.give(page("ada", DRAW), named("Cut 1"));
    let id = world.give(
        asker("eve", VIEW),
        Command::Question(Question::Versions {
            before: None,
            limit: 9,
        }),
    );
    assert!(world.answers.is_empty(), "it waits for the append");
    world.append();
    let listed = world.answers.remove(&id);
    assert!(matches!(listed, Some(Outcome::Versions(Ok(versions))) if versions.len() == 1));
}

#[test]
fn commit4_who_may_do_what() {
    let mut world = world();
    pair(&mut world);
    let back = |whose| {
        Command::Restore(Restore {
            whose,
            ..back_to(Target::Revision(0))
        })
    };
    let look = || {
        Command::Question(Question::Versions {
            before: None,
            limit: 1,
        })
    };
    let none = Grants::default();
    let cases = [
        (page("ada", none), look(), "forbidden"),
        (page("ada", VIEW), look(), "ok"),
        (page("ada", VIEW), named("x"), "forbidden"),
        (page("ada", DRAW), named("x"), "ok"),
        (page("ada", VIEW), back(Whose::Mine), "forbidden"),
        (page("ada", DRAW), back(Whose::Mine), "ok"),
        (page("ada", DRAW), back(Whose::Author(1)), "ok"),
        (page("ada", DRAW), back(Whose::Author(2)), "forbidden"),
        (page("ada", DRAW), back(Whose::All), "forbidden"),
        (page("ada", OWN), back(Whose::Author(2)), "ok"),
        (page("ada", OWN), back(Whose::All), "ok"),
        (page("ada", OWN), back(Whose::Author(99)), "unknown_author"),
        (asker("ada", DRAW), back(Whose::Author(1)), "forbidden"),
        (asker("zoe", DRAW), back(Whose::Mine), "unknown_author"),
    ];
    for (number, (asker, command, expected)) in cases.into_iter().enumerate() {
        assert_eq!(code(&world.ask(asker, command)), expected, "case {number}");
    }
}

#[test]
fn commit5_who_is_in_no_session_gets_an_authors_number_once() {
    let mut world = world();
    pair(&mut world);
    for _ in 0..2 {
        let answer = world.ask(asker("zoe", DRAW), named("from outside"));
        assert_eq!(code(&answer), "ok");
    }
    let document = world.room.document();
    let authors: Vec<_> = document.versions().map(|version| version.author).collect();
    assert_eq!(authors, [3, 3]);
    assert_eq!(document.author(3).map(|author| author.name()), Some("ZOE"));
}

#[test]
fn commit6_too_many_commands_at_once_are_refused_and_the_others_are_answered() {
    let mut world = world();
    pair(&mut world);
    world.prompt = false;
    for _ in 0..=limits::COMMANDS_MAX {
        world.give(page("ada", DRAW), named("x"));
    }
    let refused: Vec<_> = world.answers.values().map(code).collect();
    assert_eq!(refused, ["busy"]);
    world.append();
    world.append();
    assert_eq!(world.answers.len(), limits::COMMANDS_MAX + 1);
}

#[test]
fn commit7_a_failed_append_refuses_all_that_waits() {
    let mut world = world();
    pair(&mut world);
    world.prompt = false;
    world.give(page("ada", DRAW), named("flies"));
    world.give(page("ada", DRAW), named("waits"));
    let (token, ..) = world.appends.remove(0);
    world
        .room
        .handle_appended(token, Err("disk full"), world.now);
    let asked_later = world.give(page("ada", DRAW), named("too late"));
    assert_eq!(world.room.closed(), Some(Reason::Storage));
    assert_eq!(world.answers.len(), 3);
    assert!(world.answers.contains_key(&asked_later));
    assert!(
        world
            .answers
            .values()
            .all(|answer| code(answer) == "storage")
    );
}

#[test]
fn commit8_names_that_are_too_long_are_refused_before_anything_is_done() {
    let mut world = world();
    pair(&mut world);
    let before = world.log.len();
    let long = named(&"n".repeat(129));
    assert_eq!(code(&world.ask(asker("zoe", DRAW), long)), "out_of_range");
    assert_eq!(world.log.len(), before);
}
