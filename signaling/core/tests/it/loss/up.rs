//! Copies that the room takes.

use super::{copies, pair, rest, seqs};
use crate::world::{Sent, VIEW, World, ops, rectangle};
use fmz_proto::v1::{
    Channel, ObjectId, Op, OpBatch, Property, op, property, server_message::Message,
};
use fmz_signaling_core::{Path, limits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn loss5_a_copy_counts_where_it_comes_first_and_the_batch_behind_it_is_passed_over() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    assert_eq!(seqs(&world), [1]);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    assert_eq!(seqs(&world), [1, 2]);
}

#[test]
fn loss5_a_copy_ahead_of_a_missing_batch_waits_for_it() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let ahead = vec![rectangle(1, 2), rectangle(1, 4)];
    world.say_on(ada, Channel::Live, copies(ahead));
    assert_eq!(seqs(&world), []);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    assert_eq!(seqs(&world), [1, 2]);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 3)]));
    assert_eq!(seqs(&world), [1, 2, 3, 4]);
}

#[test]
fn loss5_numbers_left_out_are_the_ordered_paths_to_tell() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 5)]));
    assert_eq!(seqs(&world), []);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 4)));
    assert_eq!(seqs(&world), [4, 5]);
}

#[test]
fn loss6_copies_that_wait_are_bounded_and_the_ordered_path_brings_the_rest() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let last = limits::EARLY_BATCHES_MAX as u64 + 10;
    for seq in 2..=last {
        world.say_on(ada, Channel::Live, copies(vec![rectangle(1, seq)]));
    }
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    let kept: Vec<u64> = (1..=limits::EARLY_BATCHES_MAX as u64 + 1).collect();
    assert_eq!(seqs(&world), kept);
    for seq in 2..=last {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
    }
    world.pass(limits::TICK);
    assert_eq!(seqs(&world), (1..=last).collect::<Vec<_>>());
}

#[test]
fn loss6_more_than_a_datagram_is_refused_on_the_path_that_loses() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![noise(1)]));
    assert_eq!(seqs(&world), []);
    let sent = world.messages(ada);
    assert!(
        matches!(&sent[..], [Message::Error(error)] if error.code == "wrong_channel"),
        "{sent:?}"
    );
}

/// A batch of a datagram and more, which does not compress.
fn noise(client_seq: u64) -> OpBatch {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut color = || property::Value::Color(random.random());
    let id = Some(ObjectId {
        author: 1,
        counter: 1,
    });
    let set = |value| {
        op::Op::Set(fmz_proto::v1::Set {
            id,
            property: Some(Property { value: Some(value) }),
        })
    };
    let ops = (0..200).map(|_| Op {
        op: Some(set(color())),
    });
    OpBatch {
        client_seq,
        base: 0,
        ops: ops.collect(),
    }
}

#[test]
fn loss6_copies_of_who_only_looks_are_passed_over() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", VIEW);
    rest(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    assert_eq!((world.messages(ada), world.log.len()), (vec![], 0));
}

#[test]
fn loss7_a_refusal_is_said_once_and_again_where_the_channel_is_lost() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let mut bad = rectangle(1, 1);
    bad.ops.push(bad.ops[0].clone());
    for _ in 0..2 {
        world.say_on(ada, Channel::Live, copies(vec![bad.clone()]));
        world.say_on(ada, Channel::Ops, ops(bad.clone()));
    }
    let refusals = |sent: Vec<Sent>| {
        let refused = |sent: &Sent| matches!(sent.message(), Message::Rejected(_));
        let refused: Vec<_> = sent.into_iter().filter(refused).collect();
        refused.iter().map(|sent| sent.path).collect::<Vec<_>>()
    };
    assert_eq!(refusals(world.take(ada)), [Path::Ops]);
    world.channel(ada, Channel::Ops, false);
    assert_eq!(refusals(world.take(ada)), [Path::Socket]);
    world.channel(ada, Channel::Ops, true);
    world.channel(ada, Channel::Ops, false);
    assert_eq!(refusals(world.take(ada)), []);
}
