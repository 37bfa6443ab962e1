//! A room keeps what was changed by itself.

use crate::versions::{OWN, back_to, code, commit, listed, named, page, pair, with_auto_commit};
use crate::world::{DRAW, World, ops, rectangle};
use fmz_signaling_core::{
    Command, Committed, Outcome, Reason, RoomLimits, SessionId, Target, limits,
};
use std::time::Duration;

#[test]
fn auto1_a_room_at_rest_keeps_what_was_changed_once() {
    let wait = Duration::from_secs(120);
    let mut world = with_auto_commit(wait);
    let (ada, _) = pair(&mut world);
    keep_alive(&mut world, wait * 2);
    assert!(
        listed(&mut world, None, 9).is_empty(),
        "nothing was changed"
    );
    world.say(ada, ops(rectangle(1, 1)));
    keep_alive(&mut world, wait - Duration::from_secs(10));
    world.say(ada, ops(rectangle(1, 2)));
    keep_alive(&mut world, wait - Duration::from_secs(10));
    assert!(
        listed(&mut world, None, 9).is_empty(),
        "the last change is not long ago"
    );
    keep_alive(&mut world, wait * 3);
    let versions = listed(&mut world, None, 9);
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].automatic, versions[0].author), (true, 0));
    assert_eq!(
        versions[0].revision,
        world.room.document().changed_revision()
    );
}

#[test]
fn auto1_a_restore_is_a_change_and_not_long_ago() {
    let wait = Duration::from_secs(120);
    let mut world = with_auto_commit(wait);
    let (ada, _) = pair(&mut world);
    let start = world.room.document().revision();
    world.say(ada, ops(rectangle(1, 1)));
    keep_alive(&mut world, wait * 3);
    let back = Command::Restore(back_to(Target::Revision(start)));
    assert_eq!(code(&world.ask(page("olga", OWN), back)), "ok");
    keep_alive(&mut world, wait - Duration::from_secs(10));
    assert_eq!(listed(&mut world, None, 9).len(), 1);
    keep_alive(&mut world, Duration::from_secs(20));
    assert_eq!(listed(&mut world, None, 9).len(), 2);
}

/// Lets time pass for people who are still there.
fn keep_alive(world: &mut World, time: Duration) {
    let step = limits::SILENCE_MAX / 3;
    let mut left = time;
    while !left.is_zero() {
        for id in [1, 2] {
            world.room.handle_alive(SessionId(id), world.now);
        }
        let next = left.min(step);
        world.pass(next);
        left -= next;
    }
}

#[test]
fn auto2_a_room_that_people_left_is_not_idle_before_its_version_is_made() {
    let wait = Duration::from_secs(120);
    let mut world = with_auto_commit(wait);
    let (ada, ben) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    for id in [ada, ben] {
        world.room.handle_left(id, Reason::Left, world.now);
    }
    world.pass(wait - Duration::from_secs(1));
    assert!(!world.room.is_idle());
    world.pass(Duration::from_secs(2));
    assert!(world.room.is_idle());
    assert_eq!(world.room.document().version_count(), 1);
}

#[test]
fn auto3_a_room_read_from_its_log_goes_on_where_it_was() {
    let wait = Duration::from_secs(120);
    let mut world = with_auto_commit(wait);
    let (ada, _) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    let version = commit(&mut world, "kept");
    let limits = RoomLimits {
        auto_commit: wait,
        ..RoomLimits::default()
    };
    let mut again = World::with(limits, world.room.document().clone());
    again.log.clone_from(&world.log);
    again.pass(wait * 2);
    assert_eq!(
        again.room.document().version_count(),
        1,
        "all is kept already"
    );
    assert!(again.room.is_idle());
    let next = again.ask(page("ada", DRAW), named("next"));
    let Outcome::Commit(Ok(Committed { version: next, .. })) = next else {
        panic!("no version");
    };
    assert!(next.id > version.id, "though the clock began anew");
}
