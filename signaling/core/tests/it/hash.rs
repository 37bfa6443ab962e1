//! The state hash on the wire.

use crate::world::{DRAW, World, ops, rectangle};
use fmz_annotation::Document;
use fmz_proto::v1::{Resync, client_message};
use fmz_signaling_core::limits::{STATE_HASH_REVISIONS, TICK};

#[test]
fn hash4_a_batch_that_crosses_so_many_revisions_carries_the_hash() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let mut counters = 1..;
    for client_seq in 1..=200 {
        let mut batch = rectangle(1, client_seq);
        // Batches of three, so that the boundary lies inside of one.
        batch.ops = counters
            .by_ref()
            .take(3)
            .flat_map(|n| rectangle(1, n).ops)
            .collect();
        world.say(ada, ops(batch));
        world.pass(TICK);
    }
    let mut document = Document::new();
    let mut told = Vec::new();
    for batch in &world.log {
        document.apply(batch).unwrap();
        if batch.state_hash != 0 {
            told.push(document.revision() / STATE_HASH_REVISIONS);
            assert_eq!(batch.state_hash, document.state_hash());
        }
    }
    assert_eq!((document.revision(), told), (601, vec![1, 2]));
}

#[test]
fn hash4_clients_that_diverged_are_counted_and_brought_back() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    world.say(ada, ops(rectangle(1, 1)));
    world.pass(TICK);
    world.forget();
    for diverged in [false, true] {
        let revision = 0;
        let resync = Resync { revision, diverged };
        world.say(ada, client_message::Message::Resync(resync));
        world.pass(fmz_signaling_core::limits::SNAPSHOT_INTERVAL);
    }
    assert_eq!(world.diverged, 1);
    let messages = world.messages(ada);
    assert!(crate::world::snapshot(&messages[..1]).is_some());
}
