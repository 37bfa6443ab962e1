//! Restoring older states.

use super::{OWN, back_to, code, commit, page, pair, visible, world, wrap};
use crate::world::{DRAW, World, ops, rectangle, revisions, snapshot};
use fmz_annotation::version::VersionId;
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{Create, FrameStamp, Kind, ObjectId, Op, OpBatch, StrokeAppend, op};
use fmz_signaling_core::{
    Command, Outcome, Restore, Restored, SessionId, StateAt, Target, Whose, limits,
};
use std::time::Duration;

#[test]
fn restore1_everything_goes_back_and_forth() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    let first = commit(&mut world, "first");
    world.say(ada, ops(rectangle(1, 2)));
    world.say(ben, ops(rectangle(2, 1)));
    let back = Command::Restore(back_to(Target::Version(first.id)));
    let Outcome::Restore(Ok(Restored {
        revision,
        target,
        objects,
    })) = world.ask(page("olga", OWN), back)
    else {
        panic!("nothing is restored");
    };
    assert_eq!((target, objects), (first.revision, 2));
    assert_eq!(visible(world.room.document()), [(1, 1)]);
    let forth = Command::Restore(back_to(Target::Revision(revision - 1)));
    assert_eq!(code(&world.ask(page("olga", OWN), forth)), "ok");
    assert_eq!(visible(world.room.document()), [(1, 1), (1, 2), (2, 1)]);
    let head = world.room.document().revision();
    let nowhere = Command::Restore(back_to(Target::Revision(head)));
    let expected = Restored {
        revision: head,
        target: head,
        objects: 0,
    };
    let answer = world.ask(page("olga", OWN), nowhere);
    assert_eq!(answer, Outcome::Restore(Ok(expected)));
    let beyond = Command::Restore(back_to(Target::Revision(head + 1)));
    assert_eq!(
        code(&world.ask(page("olga", OWN), beyond)),
        "unknown_revision"
    );
    let none = Target::Version(VersionId::new(77).expect("above 0"));
    assert_eq!(
        code(&world.ask(page("olga", OWN), Command::Restore(back_to(none)))),
        "unknown_version"
    );
}

#[test]
fn restore2_a_page_takes_back_only_its_own() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    let start = world.room.document().revision();
    world.say(ada, ops(rectangle(1, 1)));
    world.say(ben, ops(rectangle(2, 1)));
    let back = Restore {
        whose: Whose::Mine,
        ..back_to(Target::Revision(start))
    };
    let answer = world.ask(page("ada", DRAW), Command::Restore(back));
    assert_eq!(code(&answer), "ok");
    assert_eq!(visible(world.room.document()), [(2, 1)]);
}

#[test]
fn restore3_what_comes_while_the_state_is_read_is_taken_into_account() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    world.prompt = false;
    let start = Command::Restore(back_to(Target::Revision(2)));
    let id = world.give(page("olga", OWN), start);
    world.say(ben, ops(rectangle(2, 1)));
    world.append();
    world.read();
    assert!(world.answers.is_empty());
    world.append();
    assert!(matches!(
        world.answers.get(&id),
        Some(Outcome::Restore(Ok(Restored { objects: 2, .. })))
    ));
    assert_eq!(visible(world.room.document()), []);
}

#[test]
fn restore4_a_time_is_found_from_the_newest_version_before_it() {
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
        Command::Restore(back_to(Target::Time(ms))),
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
        Command::Restore(back_to(Target::Time(opened - 1))),
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
    assert_eq!(
        world.answers.remove(&early).as_ref().map(code),
        Some("storage")
    );
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

/// Olga restores a revision for all authors.
fn restore(world: &mut World, revision: u64) {
    let command = Command::Restore(back_to(Target::Revision(revision)));
    assert_eq!(code(&world.ask(page("olga", OWN), command)), "ok");
}

#[test]
fn restore5_one_that_is_too_large_for_a_message_brings_everyone_a_snapshot() {
    let mut world = world();
    let (ada, ben) = pair(&mut world);
    let bare = draw_strokes(&mut world, ada, 40);
    let full = world.room.document().revision();
    restore(&mut world, bare);
    world.pass(limits::SNAPSHOT_INTERVAL);
    assert_eq!(world.room.document().content_bytes(), 0);
    assert!(
        snapshot(&world.messages(ben)).is_none(),
        "small ones go as they are"
    );
    restore(&mut world, full);
    world.pass(limits::SNAPSHOT_INTERVAL);
    let messages = world.messages(ben);
    assert_eq!(revisions(&messages), [] as [u64; 0]);
    assert_eq!(snapshot(&messages).as_ref(), Some(world.room.document()));
    world.say(ada, ops(rectangle(1, 81)));
    world.pass(limits::TICK);
    assert_eq!(revisions(&world.messages(ben)).len(), 1, "then it goes on");
}

#[test]
fn restore6_one_that_no_record_holds_is_refused() {
    let mut world = world();
    let (ada, _) = pair(&mut world);
    let bare = draw_strokes(&mut world, ada, 200);
    let full = world.room.document().revision();
    restore(&mut world, bare);
    let before = world.log.len();
    let forth = Command::Restore(back_to(Target::Revision(full)));
    assert_eq!(
        code(&world.ask(page("olga", OWN), forth)),
        "rollback_too_large"
    );
    assert_eq!(world.log.len(), before);
}
