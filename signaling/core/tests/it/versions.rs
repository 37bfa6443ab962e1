//! Versions and the way back, asked for from outside of any session.

use crate::world::{DRAW, VIEW, World, ops, rectangle, revisions, snapshot};
use fmz_annotation::{
    Document, Key, ObjectId as Id,
    version::{COMMITTER, Version, VersionId},
};
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{
    Create, FrameStamp, Grants, Kind, ObjectId, Op, OpBatch, Property, Set, StrokeAppend, op,
    property,
};
use fmz_signaling_core::{
    Asker, Command, Commit, Outcome, Reason, Refusal, Rollback, RoomLimits, SessionId, StateAt,
    Target, Whose, limits,
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
        Ok(Outcome::Committed { version, .. }) => version,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn back_to(target: Target) -> Rollback {
    Rollback {
        target,
        whose: Whose::All,
        frames: None,
    }
}

fn code(answer: Result<Outcome, Refusal>) -> &'static str {
    answer.map_or_else(|refusal| refusal.code, |_| "ok")
}

fn visible(document: &Document) -> Vec<(u32, u32)> {
    let seen = document.objects().filter(|object| !object.deleted());
    seen.map(|object| (object.id().author(), object.id().counter()))
        .collect()
}

pub(crate) fn listed(world: &mut World, before: Option<VersionId>, limit: usize) -> Vec<Version> {
    let command = Command::Versions { before, limit };
    match world.ask(asker("eve", VIEW), command) {
        Ok(Outcome::Versions(versions)) => versions,
        other => panic!("{other:?}"),
    }
}

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
    let Some(Ok(Outcome::Committed { version, .. })) = world.answers.remove(&id) else {
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
    let one = world.ask(asker("eve", VIEW), Command::Version(made[1].id));
    assert_eq!(one, Ok(Outcome::Version(made[1].clone())));
    let none = VersionId::new(77).expect("above 0");
    assert_eq!(
        code(world.ask(asker("eve", VIEW), Command::Version(none))),
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
        Command::Versions {
            before: None,
            limit: 9,
        },
    );
    assert!(world.answers.is_empty(), "it waits for the append");
    world.append();
    let listed = world.answers.remove(&id);
    assert!(matches!(listed, Some(Ok(Outcome::Versions(versions))) if versions.len() == 1));
}

#[test]
fn commit4_who_may_do_what() {
    let mut world = world();
    pair(&mut world);
    let back = |whose| {
        Command::Rollback(Rollback {
            whose,
            ..back_to(Target::Revision(0))
        })
    };
    let look = || Command::Versions {
        before: None,
        limit: 1,
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
        assert_eq!(code(world.ask(asker, command)), expected, "case {number}");
    }
}

#[test]
fn commit5_who_is_in_no_session_gets_an_authors_number_once() {
    let mut world = world();
    pair(&mut world);
    for _ in 0..2 {
        world
            .ask(asker("zoe", DRAW), named("from outside"))
            .unwrap();
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
    let refused: Vec<_> = world.answers.values().cloned().map(code).collect();
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
            .cloned()
            .all(|answer| code(answer) == "storage")
    );
}

#[test]
fn commit8_names_that_are_too_long_are_refused_before_anything_is_done() {
    let mut world = world();
    pair(&mut world);
    let before = world.log.len();
    let long = named(&"n".repeat(129));
    assert_eq!(code(world.ask(asker("zoe", DRAW), long)), "out_of_range");
    assert_eq!(world.log.len(), before);
}

fn wrap(op: op::Op) -> Op {
    Op { op: Some(op) }
}

fn color(id: ObjectId, color: u32) -> Op {
    let value = Some(property::Value::Color(color));
    wrap(op::Op::Set(Set {
        id: Some(id),
        property: Some(Property { value }),
    }))
}

fn new_rectangle(author: u32, counter: u32) -> Op {
    wrap(op::Op::Create(Create {
        id: Some(ObjectId { author, counter }),
        kind: Kind::Rectangle.into(),
        frame: Some(FrameStamp::default()),
        ..Create::default()
    }))
}

#[test]
fn commit9_changes_on_an_older_base_are_made_and_what_they_replace_is_said() {
    let mut world = world();
    let (ada, _) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    let base = commit(&mut world, "base");
    let set = |client_seq, author, value| OpBatch {
        client_seq,
        base: 0,
        ops: vec![color(ObjectId { author, counter: 1 }, value)],
    };
    world.say(ada, ops(set(2, 1, 5)));
    let delta = || {
        Command::Commit(Commit {
            base: Some(base.id),
            ops: vec![
                new_rectangle(COMMITTER, 1),
                color(
                    ObjectId {
                        author: 1,
                        counter: 1,
                    },
                    7,
                ),
                color(
                    ObjectId {
                        author: COMMITTER,
                        counter: 1,
                    },
                    8,
                ),
            ],
            ..Commit::default()
        })
    };
    let Ok(Outcome::Committed {
        version,
        overwritten,
    }) = world.ask(page("olga", OWN), delta())
    else {
        panic!("no version");
    };
    assert_eq!(version.base, Some(base.id));
    let replaced = overwritten
        .iter()
        .map(|each| (each.id, each.key, each.author));
    assert_eq!(
        replaced.collect::<Vec<_>>(),
        [(Id::new(1, 1).unwrap(), Key::Color, 1)]
    );
    world.ask(page("olga", OWN), delta()).unwrap();
    let document = world.room.document();
    let color = |author, counter| {
        document
            .object(Id::new(author, counter).unwrap())
            .unwrap()
            .color()
    };
    assert_eq!(
        (color(1, 1), color(3, 1), color(3, 2)),
        (7, 8, 8),
        "the second's object is another"
    );
    let unknown = Command::Commit(Commit {
        base: VersionId::new(77),
        ..Commit::default()
    });
    assert_eq!(
        code(world.ask(page("olga", OWN), unknown)),
        "unknown_version"
    );
    assert_eq!(code(world.ask(asker("ben", DRAW), delta())), "not_yours");
}

#[test]
fn rollback1_everything_goes_back_and_forth() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    let first = commit(&mut world, "first");
    world.say(ada, ops(rectangle(1, 2)));
    world.say(ben, ops(rectangle(2, 1)));
    let back = Command::Rollback(back_to(Target::Version(first.id)));
    let Ok(Outcome::RolledBack {
        revision,
        target,
        objects,
    }) = world.ask(page("olga", OWN), back)
    else {
        panic!("no way back");
    };
    assert_eq!((target, objects), (first.revision, 2));
    assert_eq!(visible(world.room.document()), [(1, 1)]);
    let forth = Command::Rollback(back_to(Target::Revision(revision - 1)));
    world.ask(page("olga", OWN), forth).unwrap();
    assert_eq!(visible(world.room.document()), [(1, 1), (1, 2), (2, 1)]);
    let head = world.room.document().revision();
    let nowhere = Command::Rollback(back_to(Target::Revision(head)));
    let expected = Outcome::RolledBack {
        revision: head,
        target: head,
        objects: 0,
    };
    assert_eq!(world.ask(page("olga", OWN), nowhere), Ok(expected));
    let beyond = Command::Rollback(back_to(Target::Revision(head + 1)));
    assert_eq!(
        code(world.ask(page("olga", OWN), beyond)),
        "unknown_revision"
    );
    let none = Target::Version(VersionId::new(77).expect("above 0"));
    assert_eq!(
        code(world.ask(page("olga", OWN), Command::Rollback(back_to(none)))),
        "unknown_version"
    );
}

#[test]
fn rollback2_a_page_takes_back_only_its_own() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    let start = world.room.document().revision();
    world.say(ada, ops(rectangle(1, 1)));
    world.say(ben, ops(rectangle(2, 1)));
    let back = Rollback {
        whose: Whose::Mine,
        ..back_to(Target::Revision(start))
    };
    world
        .ask(page("ada", DRAW), Command::Rollback(back))
        .unwrap();
    assert_eq!(visible(world.room.document()), [(2, 1)]);
}

#[test]
fn rollback3_what_comes_while_the_state_is_read_is_taken_into_account() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    world.prompt = false;
    let start = Command::Rollback(back_to(Target::Revision(2)));
    let id = world.give(page("olga", OWN), start);
    world.say(ben, ops(rectangle(2, 1)));
    world.append();
    world.read();
    assert!(world.answers.is_empty());
    world.append();
    assert!(matches!(
        world.answers.get(&id),
        Some(Ok(Outcome::RolledBack { objects: 2, .. }))
    ));
    assert_eq!(visible(world.room.document()), []);
}

#[test]
fn rollback4_a_time_is_found_from_the_newest_version_before_it() {
    let mut world = world();
    let (ada, _) = pair(&mut world);
    let opened = fmz_annotation::version::EPOCH_MS;
    world.say(ada, ops(rectangle(1, 1)));
    let first = commit(&mut world, "first");
    world.pass(Duration::from_secs(10));
    world.say(ada, ops(rectangle(1, 2)));
    world.prompt = false;
    let ms = first.id.unix_ms() + 1;
    let id = world.give(
        page("olga", OWN),
        Command::Rollback(back_to(Target::Time(ms))),
    );
    let expected = StateAt::Time {
        ms,
        from: first.revision,
    };
    assert_eq!(
        world.reads.iter().map(|(_, at)| *at).collect::<Vec<_>>(),
        [expected]
    );
    let early = world.give(
        page("olga", OWN),
        Command::Rollback(back_to(Target::Time(opened - 1))),
    );
    let expected = StateAt::Time {
        ms: opened - 1,
        from: 0,
    };
    assert_eq!(world.reads[1].1, expected);
    world
        .room
        .handle_state(world.reads[1].0, Err("unreadable"), world.now);
    world.pass(Duration::ZERO);
    assert_eq!(world.answers.remove(&early).map(code), Some("storage"));
    assert!(!world.answers.contains_key(&id));
}

/// A stroke, and a thousand points for it that nothing makes short.
fn stroke(counter: u32) -> [Op; 2] {
    let id = Some(ObjectId { author: 1, counter });
    let far = fmz_proto::limits::COORDINATE_MAX / 2;
    let deltas = (0..1000).map(|at| Delta {
        x: if at % 2 == 0 { far } else { -far },
        y: if at % 2 == 0 { -far } else { far },
        pressure: 0,
    });
    let create = Create {
        id,
        kind: Kind::Brush.into(),
        frame: Some(FrameStamp::default()),
        ..Create::default()
    };
    let points = Some(points::encode(&deltas.collect::<Vec<_>>(), false));
    let append = StrokeAppend { id, points };
    [
        wrap(op::Op::Create(create)),
        wrap(op::Op::StrokeAppend(append)),
    ]
}

/// Ada draws strokes; returns the revision before their points.
fn draw_strokes(world: &mut World, ada: SessionId, count: u32) -> u64 {
    let (creates, appends): (Vec<_>, Vec<_>) = (1..=count)
        .map(stroke)
        .map(|[create, append]| (create, append))
        .unzip();
    let batch = |client_seq, op| OpBatch {
        client_seq,
        base: 0,
        ops: vec![op],
    };
    for (client_seq, op) in (1..).zip(creates) {
        world.say(ada, ops(batch(client_seq, op)));
    }
    let revision = world.room.document().revision();
    for (client_seq, op) in (u64::from(count) + 1..).zip(appends) {
        world.say(ada, ops(batch(client_seq, op)));
    }
    world.pass(limits::TICK);
    revision
}

#[test]
fn rollback5_one_that_is_too_large_for_a_message_brings_everyone_a_snapshot() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    let bare = draw_strokes(&mut world, ada, 40);
    let full = world.room.document().revision();
    world
        .ask(
            page("olga", OWN),
            Command::Rollback(back_to(Target::Revision(bare))),
        )
        .unwrap();
    world.pass(limits::SNAPSHOT_INTERVAL);
    assert_eq!(world.room.document().content_bytes(), 0);
    assert!(
        snapshot(&world.messages(ben)).is_none(),
        "small ones go as they are"
    );
    world
        .ask(
            page("olga", OWN),
            Command::Rollback(back_to(Target::Revision(full))),
        )
        .unwrap();
    world.pass(limits::SNAPSHOT_INTERVAL);
    let messages = world.messages(ben);
    assert_eq!(revisions(&messages), [] as [u64; 0]);
    assert_eq!(snapshot(&messages).as_ref(), Some(world.room.document()));
    world.say(ada, ops(rectangle(1, 81)));
    world.pass(limits::TICK);
    assert_eq!(revisions(&world.messages(ben)).len(), 1, "then it goes on");
}

#[test]
fn rollback6_one_that_no_record_holds_is_refused() {
    let mut world = world();
    let (ada, _) = pair(&mut world);
    let bare = draw_strokes(&mut world, ada, 200);
    let full = world.room.document().revision();
    world
        .ask(
            page("olga", OWN),
            Command::Rollback(back_to(Target::Revision(bare))),
        )
        .unwrap();
    let before = world.log.len();
    let forth = Command::Rollback(back_to(Target::Revision(full)));
    assert_eq!(
        code(world.ask(page("olga", OWN), forth)),
        "rollback_too_large"
    );
    assert_eq!(world.log.len(), before);
}
