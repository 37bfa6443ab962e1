//! Copies that the room sends.

use super::{by, pair, rest};
use crate::world::{Sent, World, create, ops, rectangle};
use fmz_proto::{
    limits::{COPIES_PER_BATCH, COPY_FRAME_BYTES_MAX},
    v1::{Channel, Create, FrameStamp, Kind, ObjectId, OpBatch, Property, property},
};
use fmz_signaling_core::{Path, limits};
use std::time::Duration;

#[test]
fn loss4_a_commit_is_copied_at_once_and_again_where_nothing_follows() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    let (to_ada, to_ben) = (world.take(ada), world.take(ben));
    assert_eq!(to_ada, to_ben, "the same bytes to all");
    assert_eq!(by(&to_ben, Path::Live), [[3]]);
    for _ in 1..COPIES_PER_BATCH {
        world.pass(limits::COPY_INTERVAL);
        assert_eq!(by(&world.take(ben), Path::Live), [[3]]);
    }
    world.pass(Duration::from_secs(1));
    assert_eq!(by(&world.take(ben), Path::Live), Vec::<Vec<u64>>::new());
}

#[test]
fn loss9_the_ordered_path_of_who_takes_copies_has_all_of_100_ms_in_one_frame() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=3 {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
        world.pass(limits::TICK);
    }
    assert_eq!(by(&world.take(ben), Path::Ops), Vec::<Vec<u64>>::new());
    world.pass(limits::COVERED_TICK - 3 * limits::TICK);
    assert_eq!(by(&world.take(ben), Path::Ops), [[3, 4, 5]]);
    world.pass(Duration::from_secs(1));
    assert_eq!(by(&world.take(ben), Path::Ops), Vec::<Vec<u64>>::new());
}

#[test]
fn loss9_who_takes_no_copies_any_more_has_had_everything_in_order() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    world.channel(ben, Channel::Live, false);
    assert_eq!(by(&world.take(ben), Path::Ops), [[3]]);
    world.pass(limits::TICK);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    assert_eq!(by(&world.take(ben), Path::Ops), [[4]], "with the tick");
    world.pass(Duration::from_secs(1));
    let to_ada = by(&world.take(ada), Path::Ops);
    assert_eq!(to_ada, [[3], [4]], "what was said for ben counts for all");
}

#[test]
fn loss4_copies_ride_along_with_the_ticks_that_follow() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=5 {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
        world.pass(limits::TICK);
    }
    let wanted: [&[u64]; 5] = [&[3], &[3, 4], &[3, 4, 5], &[4, 5, 6], &[5, 6, 7]];
    assert_eq!(by(&world.take(ben), Path::Live), wanted);
}

/// A text of so many bytes.
fn words(client_seq: u64, bytes: usize) -> OpBatch {
    let id = Some(ObjectId {
        author: 1,
        counter: client_seq as u32,
    });
    let text = property::Value::Text("a".repeat(bytes));
    let text = Property { value: Some(text) };
    create(
        Create {
            id,
            kind: Kind::Text.into(),
            frame: Some(FrameStamp::default()),
            properties: vec![text],
            parent: None,
        },
        client_seq,
    )
}

#[test]
fn loss4_copies_fit_one_datagram_and_a_larger_commit_is_not_copied() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=4 {
        world.say_on(ada, Channel::Ops, ops(words(seq, 400)));
        world.pass(limits::TICK);
    }
    let sent = world.take(ben);
    assert_eq!(
        by(&sent, Path::Live),
        [vec![3], vec![3, 4], vec![4, 5], vec![5, 6]]
    );
    let small = |sent: &Sent| sent.path != Path::Live || sent.frame.len() <= COPY_FRAME_BYTES_MAX;
    assert!(sent.iter().all(small));
    world.say_on(ada, Channel::Ops, ops(words(5, COPY_FRAME_BYTES_MAX)));
    world.pass(Duration::from_secs(1));
    let sent = world.take(ben);
    assert_eq!(
        (by(&sent, Path::Ops), by(&sent, Path::Live)),
        (vec![vec![3, 4, 5, 6], vec![7]], vec![])
    );
}

#[test]
fn loss4_copies_go_beside_the_channel_only() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.channel(ben, Channel::Ops, false);
    rest(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    assert_eq!(by(&world.take(ben), Path::Live), Vec::<Vec<u64>>::new());
    world.channel(ben, Channel::Ops, true);
    world.channel(ben, Channel::Live, false);
    world.pass(limits::TICK);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    let sent = world.take(ben);
    assert_eq!(by(&sent, Path::Live), Vec::<Vec<u64>>::new());
}
