//! Consumers that do not keep up, wide ticks, and what a room takes at most.

use crate::world::{DRAW, EPOCH, Sent, VIEW, World, create, ops, rectangle, revisions, snapshot};
use fmz_annotation::Document;
use fmz_proto::{
    limits::TEXT_BYTES_MAX,
    v1::{
        Channel, ChannelLevel, ChannelPressure, Create, FrameStamp, Kind, ObjectId, OpBatch, Point,
        Presence, Property, client_message, from_sfu, property,
    },
};
use fmz_signaling_core::{Path, Pressure, Reason, RoomLimits, SessionId, limits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Ada draws; Ben and Cid look.
fn three(world: &mut World) -> [SessionId; 3] {
    let ids = [
        world.enter(world.join(1, "ada", DRAW)),
        world.enter(world.join(2, "ben", VIEW)),
        world.enter(world.join(3, "cid", VIEW)),
    ];
    world.pass(Duration::from_secs(1));
    world.forget();
    ids
}

fn press(world: &mut World, id: SessionId, pressure: Pressure) {
    world
        .room
        .handle_pressure(id, Path::Socket, pressure, world.now);
    world.pass(Duration::ZERO);
}

/// Draws `count` rectangles, one a tick.
fn draw(world: &mut World, ada: SessionId, from: u64, count: u64) {
    for seq in from..from + count {
        world.say(ada, ops(rectangle(1, seq)));
        world.pass(limits::TICK);
    }
}

pub(crate) fn commits(sent: &[Sent]) -> Vec<Vec<u64>> {
    let frames = sent.iter().map(|sent| revisions(&[sent.message()]));
    frames.filter(|frame| !frame.is_empty()).collect()
}

#[test]
fn slow1_who_falls_behind_gets_no_pointers() {
    let mut world = World::new();
    let [ada, ben, cid] = three(&mut world);
    press(&mut world, ben, Pressure::High);
    let pointer = Some(Point { x: 1, y: 1 });
    let presence = client_message::Message::Presence(Presence { pointer });
    world.say(ada, presence);
    world.pass(limits::PRESENCE_INTERVAL);
    assert_eq!((world.take(ben).len(), world.take(cid).len()), (0, 1));
}

#[test]
fn slow2_who_falls_behind_gets_one_frame_a_wide_tick_the_same_for_all_and_nobody_else_waits() {
    let mut world = World::new();
    let [ada, ben, cid] = three(&mut world);
    press(&mut world, ben, Pressure::High);
    draw(&mut world, ada, 1, 3);
    press(&mut world, cid, Pressure::High);
    draw(&mut world, ada, 4, 3);
    assert_eq!(commits(&world.take(ada)).len(), 6, "the author's own pace");
    world.pass(limits::WIDE_TICK);
    let (to_ben, to_cid) = (world.take(ben), world.take(cid));
    assert_eq!(commits(&to_ben), [[2, 3, 4, 5, 6, 7]]);
    assert_eq!(to_ben.last(), to_cid.last(), "the same bytes");
    draw(&mut world, ada, 7, 1);
    world.pass(limits::WIDE_TICK);
    assert_eq!(commits(&world.take(ben)), [[8]]);
}

#[test]
fn slow2_who_keeps_up_again_gets_every_tick_and_missed_nothing() {
    let mut world = World::new();
    let [ada, ben, _] = three(&mut world);
    press(&mut world, ben, Pressure::High);
    draw(&mut world, ada, 1, 2);
    press(&mut world, ben, Pressure::Low);
    draw(&mut world, ada, 3, 1);
    world.pass(limits::WIDE_TICK);
    draw(&mut world, ada, 4, 2);
    assert_eq!(commits(&world.take(ben)), [vec![2, 3, 4], vec![5], vec![6]]);
}

#[test]
fn slow3_who_does_not_move_gets_nothing_then_what_it_missed() {
    let mut world = World::new();
    let [ada, ben, _] = three(&mut world);
    press(&mut world, ben, Pressure::High);
    draw(&mut world, ada, 1, 1);
    press(&mut world, ben, Pressure::Full);
    draw(&mut world, ada, 2, 2);
    world.pass(Duration::from_secs(1));
    assert_eq!(commits(&world.take(ben)), Vec::<Vec<u64>>::new());
    press(&mut world, ben, Pressure::High);
    assert_eq!(world.take(ben), [], "not before all is gone");
    press(&mut world, ben, Pressure::Low);
    assert_eq!(commits(&world.take(ben)).concat(), [2, 3, 4]);
    draw(&mut world, ada, 4, 1);
    assert_eq!(commits(&world.take(ben)), [[5]]);
}

/// A text of the largest size, which does not compress.
fn words(client_seq: u64) -> OpBatch {
    let mut random = ChaCha8Rng::seed_from_u64(client_seq);
    let letters = (0..TEXT_BYTES_MAX).map(|_| char::from(random.random_range(b' '..=b'~')));
    let text = property::Value::Text(letters.collect());
    let id = Some(ObjectId {
        author: 1,
        counter: client_seq as u32,
    });
    let text = Create {
        id,
        kind: Kind::Text.into(),
        frame: Some(FrameStamp::default()),
        properties: vec![Property { value: Some(text) }],
        parent: None,
    };
    create(text, client_seq)
}

#[test]
fn slow3_who_missed_much_gets_the_document() {
    let mut world = World::new();
    let [ada, ben, _] = three(&mut world);
    press(&mut world, ben, Pressure::Full);
    let count = limits::CHANNEL_CATCH_UP_BYTES_MAX / TEXT_BYTES_MAX + 10;
    for seq in 1..=count as u64 {
        world.say(ada, ops(words(seq)));
        world.pass(limits::TICK);
    }
    press(&mut world, ben, Pressure::Low);
    world.pass(limits::SNAPSHOT_INTERVAL);
    let document = snapshot(&world.messages(ben)).expect("a snapshot");
    assert_eq!(document, *world.room.document());
}

#[test]
fn slow4_who_takes_nothing_for_too_long_is_closed_and_nobody_else() {
    let mut world = World::new();
    let [ada, ben, cid] = three(&mut world);
    press(&mut world, ben, Pressure::Full);
    let mut left = limits::HELD_MAX - Duration::from_millis(1);
    while !left.is_zero() {
        for id in [ada, ben, cid] {
            world.room.handle_alive(id, world.now);
        }
        let step = left.min(limits::SILENCE_MAX / 2);
        world.pass(step);
        left -= step;
    }
    assert_eq!(world.closed, []);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.closed, [(ben, Reason::Slow)]);
}

#[test]
fn slow5_pressure_on_the_way_that_carries_no_commits_means_nothing() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter_with_transport(2, "ben", VIEW);
    world.channel(ben, Channel::Ops, true);
    world.pass(Duration::from_secs(1));
    world.forget();
    press(&mut world, ben, Pressure::Full);
    draw(&mut world, ada, 1, 1);
    assert_eq!(commits(&world.take(ben)), [[2]]);
}

/// Ada draws; Ben looks, with a channel.
fn with_channel(world: &mut World) -> [SessionId; 2] {
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter_with_transport(2, "ben", VIEW);
    world.channel(ben, Channel::Ops, true);
    world.pass(Duration::from_secs(1));
    world.forget();
    [ada, ben]
}

/// The media server says how much waits for a channel.
fn press_channel(world: &mut World, id: SessionId, transport: u32, level: ChannelLevel) {
    let told = ChannelPressure {
        room: "demo".into(),
        session: id.on_link(EPOCH),
        transport,
        channel: Channel::Ops.into(),
        level: level.into(),
    };
    world.sfu(from_sfu::Message::Pressure(told));
    world.pass(Duration::ZERO);
}

#[test]
fn slow7_who_falls_behind_on_its_channel_is_spared_step_by_step_and_misses_nothing() {
    let mut world = World::new();
    let [ada, ben] = with_channel(&mut world);
    press_channel(&mut world, ben, 1, ChannelLevel::High);
    draw(&mut world, ada, 1, 3);
    world.pass(limits::WIDE_TICK);
    assert_eq!(commits(&world.take(ben)), [[2, 3, 4]], "the wide tick");
    press_channel(&mut world, ben, 1, ChannelLevel::Full);
    draw(&mut world, ada, 4, 3);
    world.pass(limits::WIDE_TICK);
    assert_eq!(world.take(ben), [], "nothing while it does not move");
    press_channel(&mut world, ben, 1, ChannelLevel::Low);
    draw(&mut world, ada, 7, 1);
    let sent = world.take(ben);
    assert!(sent.iter().all(|sent| sent.path == Path::Ops));
    assert_eq!(commits(&sent).concat(), [5, 6, 7, 8]);
}

#[test]
fn slow7_who_missed_much_on_its_channel_gets_the_document_and_then_all_that_follows() {
    let mut world = World::new();
    let [ada, ben] = with_channel(&mut world);
    press_channel(&mut world, ben, 1, ChannelLevel::Full);
    let count = limits::CHANNEL_CATCH_UP_BYTES_MAX as u64 / TEXT_BYTES_MAX as u64 + 10;
    for seq in 1..=count {
        world.say(ada, ops(words(seq)));
        world.pass(limits::TICK);
    }
    assert_eq!(commits(&world.take(ben)), Vec::<Vec<u64>>::new());
    press_channel(&mut world, ben, 1, ChannelLevel::Low);
    world.pass(limits::SNAPSHOT_INTERVAL);
    let document = snapshot(&world.messages(ben)).expect("a snapshot");
    assert_eq!(document, *world.room.document());
    draw(&mut world, ada, count + 1, 1);
    assert_eq!(commits(&world.take(ben)).len(), 1);
}

#[test]
fn slow7_an_older_transports_pressure_and_one_on_a_way_not_taken_mean_nothing() {
    let mut world = World::new();
    let [ada, ben] = with_channel(&mut world);
    press_channel(&mut world, ben, 2, ChannelLevel::Full);
    draw(&mut world, ada, 1, 1);
    assert_eq!(commits(&world.take(ben)), [[2]]);
    world.channel(ben, Channel::Ops, false);
    world.forget();
    press_channel(&mut world, ben, 1, ChannelLevel::Full);
    draw(&mut world, ada, 2, 1);
    assert_eq!(commits(&world.take(ben)), [[3]]);
}

#[test]
fn slow5_a_change_of_way_brings_what_was_held_back() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter_with_transport(2, "ben", VIEW);
    world.pass(Duration::from_secs(1));
    world.forget();
    press(&mut world, ben, Pressure::Full);
    draw(&mut world, ada, 1, 2);
    world.channel(ben, Channel::Ops, true);
    let sent = world.take(ben);
    assert!(sent.iter().all(|sent| sent.path == Path::Ops));
    assert_eq!(commits(&sent).concat(), [2, 3]);
}

#[test]
fn slow6_pressure_rises_at_its_bounds_and_falls_at_the_lower_one() {
    let of = Pressure::of;
    let (high, full) = (limits::PRESSURE_HIGH_BYTES, limits::PRESSURE_FULL_BYTES);
    assert_eq!(of(high - 1, Pressure::Low), Pressure::Low);
    assert_eq!(of(high, Pressure::Low), Pressure::High);
    assert_eq!(of(full, Pressure::Low), Pressure::Full);
    assert_eq!(of(high - 1, Pressure::Full), Pressure::Full);
    assert_eq!(
        of(limits::PRESSURE_LOW_BYTES + 1, Pressure::High),
        Pressure::High
    );
    assert_eq!(
        of(limits::PRESSURE_LOW_BYTES, Pressure::Full),
        Pressure::Low
    );
}

/// Ada with both channels, and so many who look.
fn crowd(viewers: u32) -> (World, SessionId) {
    let limits = RoomLimits {
        participants_max: 2000,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits, Document::new());
    let ada = world.enter_with_transport(1, "ada", DRAW);
    world.channel(ada, Channel::Ops, true);
    world.channel(ada, Channel::Live, true);
    for session in 2..2 + viewers {
        world.enter(world.join(session, &format!("viewer-{session}"), VIEW));
        world.forget();
    }
    world.pass(Duration::from_secs(1));
    world.forget();
    (world, ada)
}

#[test]
fn tick1_the_tick_is_wider_the_more_there_is_to_send_and_bounded() {
    let (mut world, ada) = crowd(100);
    world.prompt = false;
    (1..=40).for_each(|seq| world.say(ada, ops(words(seq))));
    while !world.appends.is_empty() {
        world.append();
    }
    world.pass(limits::TICK_SPARING);
    world.forget();
    world.prompt = true;
    world.say(ada, ops(rectangle(1, 41)));
    world.pass(limits::TICK_MAX - Duration::from_millis(1));
    assert_eq!(commits(&world.take(ada)), Vec::<Vec<u64>>::new());
    world.pass(Duration::from_millis(1));
    assert_eq!(commits(&world.take(ada)), [[42]]);
}

#[test]
fn tick2_with_many_to_send_to_the_tick_is_a_little_wider_and_ops_are_still_copied() {
    for (viewers, tick) in [(1, limits::TICK), (100, limits::TICK_SPARING)] {
        let (mut world, ada) = crowd(viewers);
        world.say(ada, ops(rectangle(1, 1)));
        world.say(ada, ops(rectangle(1, 2)));
        world.forget();
        let copied = |world: &mut World| {
            let to_ada = world.take(ada);
            to_ada
                .iter()
                .any(|sent| sent.path == Path::Live && revisions(&[sent.message()]).contains(&3))
        };
        world.pass(tick - Duration::from_millis(1));
        assert!(!copied(&mut world), "{viewers}");
        world.pass(Duration::from_millis(1));
        assert!(copied(&mut world), "{viewers}");
    }
}

#[test]
fn tick1_what_load_takes_away_first_are_copies() {
    let (mut world, ada) = crowd(1950);
    world.say(ada, ops(rectangle(1, 1)));
    world.pass(Duration::from_secs(1));
    assert_eq!(commits(&world.take(ada)), [[2]]);
}

#[test]
fn budget1_ops_over_the_rooms_budget_wait_and_none_is_lost() {
    let limits = RoomLimits {
        room_ops_per_s: 10,
        room_ops_burst: 2,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits, Document::new());
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    for seq in 1..=5 {
        world.say(ada, ops(rectangle(1, seq)));
        world.say(ben, ops(rectangle(2, seq)));
    }
    assert_eq!(
        world.log.len(),
        2 + 3,
        "the burst, and the one that overdraws"
    );
    world.pass(Duration::from_millis(300));
    assert_eq!(world.log.len(), 2 + 6);
    world.pass(Duration::from_secs(1));
    let of = |author| {
        world
            .log
            .iter()
            .filter(|batch| batch.author == author)
            .count()
    };
    assert_eq!((of(1), of(2)), (5, 5), "authors take turns");
}
