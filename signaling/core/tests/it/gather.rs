//! What many draw goes to the log together, a tick at a time.

use crate::pace::commits;
use crate::versions::{named, page};
use crate::world::{DRAW, World, ops, read, rectangle};
use fmz_signaling_core::{Path, SessionId, limits};
use std::time::Duration;

/// A room of which the last tick held as many batches as make it gather.
fn gathering() -> (World, SessionId) {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let last = 1 + limits::GATHER_FROM_BATCHES as u64;
    (1..=last).for_each(|seq| world.say(ada, ops(rectangle(1, seq))));
    world.pass(limits::TICK);
    world.forget();
    (world, ada)
}

#[test]
fn gather1_where_many_draw_what_a_tick_shows_goes_to_the_log_together_and_is_shown_as_soon_as_it_is_there()
 {
    let (mut world, ada) = gathering();
    let (before, seq) = (world.log.len(), 2 + limits::GATHER_FROM_BATCHES as u64);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, seq)));
    world.pass(limits::TICK - Duration::from_millis(1));
    world.say(ada, ops(rectangle(1, seq + 1)));
    assert_eq!(world.appends.len(), 0);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.appends.len(), 1);
    world.pass(Duration::from_millis(3));
    world.append();
    assert_eq!(world.log.len(), before + 2);
    world.pass(Duration::ZERO);
    assert_eq!(commits(&world.take(ada)).concat().len(), 2);
}

#[test]
fn gather1_an_append_leaves_before_the_tick_by_what_appends_take() {
    let (mut world, ada) = gathering();
    world.prompt = false;
    let takes = Duration::from_millis(8);
    let mut seq = 1 + limits::GATHER_FROM_BATCHES as u64;
    for _ in 0..100 {
        (0..limits::GATHER_FROM_BATCHES).for_each(|_| {
            seq += 1;
            world.say(ada, ops(rectangle(1, seq)));
        });
        let at = world.room.gathers_until(world.now).unwrap_or(world.now);
        world.pass(at - world.now);
        world.pass(takes);
        world.append();
        world.pass(Duration::ZERO);
    }
    let waited = world.waits.last().copied().expect("a tick");
    let late = waited.abs_diff(limits::TICK);
    assert!(late < Duration::from_millis(1), "{waited:?}");
}

#[test]
fn gather2_where_the_log_is_slow_nothing_waits_for_company() {
    let (mut world, ada) = gathering();
    world.prompt = false;
    let seq = 2 + limits::GATHER_FROM_BATCHES as u64;
    world.say(ada, ops(rectangle(1, seq)));
    world.pass(limits::TICK);
    world.pass(limits::TICK / 2);
    world.append();
    for seq in seq + 1..seq + 5 {
        world.say(ada, ops(rectangle(1, seq)));
        assert_eq!(world.appends.len(), 1);
        world.append();
    }
}

#[test]
fn gather3_a_command_finds_in_the_log_what_came_before_it() {
    let (mut world, ada) = gathering();
    let seq = 2 + limits::GATHER_FROM_BATCHES as u64;
    world.say(ada, ops(rectangle(1, seq)));
    let revision = world.room.document().revision();
    world.give(page("ada", DRAW), named("now"));
    assert_eq!(world.room.document().revision(), revision + 2);
}

#[test]
fn gather4_what_comes_behind_a_ticks_append_shares_that_of_the_next() {
    let (mut world, ada) = gathering();
    let (before, first) = (world.log.len(), 2 + limits::GATHER_FROM_BATCHES as u64);
    let next = first + limits::GATHER_FROM_BATCHES as u64;
    (first..next).for_each(|seq| world.say(ada, ops(rectangle(1, seq))));
    world.pass(limits::TICK);
    let shown = before + limits::GATHER_FROM_BATCHES;
    assert_eq!(world.log.len(), shown);
    (next..next + 2).for_each(|seq| world.say(ada, ops(rectangle(1, seq))));
    world.pass(limits::TICK - Duration::from_millis(1));
    assert_eq!(world.log.len(), shown);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.log.len(), shown + 2);
    assert_eq!(world.waits.iter().max(), Some(&limits::TICK));
}

#[test]
fn gather4_what_one_append_does_not_hold_follows_at_once() {
    let (mut world, ada) = gathering();
    let ben = world.enter(world.join(2, "ben", DRAW));
    world.pass(limits::TICK);
    let (before, first) = (world.log.len(), 2 + limits::GATHER_FROM_BATCHES as u64);
    let each = limits::APPEND_OPS_MAX as u64 / 2 + 10;
    (0..limits::GATHER_FROM_BATCHES as u64 + 1)
        .for_each(|seq| world.say(ada, ops(rectangle(1, first + seq))));
    world.pass(limits::TICK);
    let drawn = world.log.len() - before;
    for seq in 0..each {
        world.say(ada, ops(rectangle(1, first + drawn as u64 + seq)));
        world.say(ben, ops(rectangle(2, 1 + seq)));
    }
    assert_eq!(world.log.len(), before + drawn);
    world.pass(limits::TICK);
    assert_eq!(world.log.len(), before + drawn + 2 * each as usize);
}

#[test]
fn gather5_ops_brought_when_the_room_stops_gathering_are_in_its_append_and_count_from_their_arrival()
 {
    let (mut world, ada) = gathering();
    let (arrived, seq) = (world.now, 2 + limits::GATHER_FROM_BATCHES as u64);
    let until = world.room.gathers_until(arrived);
    assert_eq!(until, Some(world.now + limits::TICK));
    world.now = until.unwrap();
    world.prompt = false;
    let said = ops(rectangle(1, seq));
    world
        .room
        .handle_message(ada, read(said), Path::Socket, arrived);
    world.pass(Duration::ZERO);
    let next = world.room.gathers_until(world.now);
    assert!(next > Some(world.now), "while the log is at work");
    world.append();
    world.pass(Duration::ZERO);
    assert_eq!(world.waits, [limits::TICK]);
}

#[test]
fn gather5_a_room_in_which_few_draw_gathers_nothing() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    world.say(ada, ops(rectangle(1, 1)));
    assert_eq!(world.room.gathers_until(world.now), None);
}
