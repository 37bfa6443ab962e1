//! Copies on the path that loses, beside the ordered one: nothing is lost, nothing counts
//! twice, nothing waits for long.

mod down;
mod link;
mod up;

use crate::world::{DRAW, Sent, World, revisions};
use fmz_proto::v1::{Channel, OpBatch, OpCopies, client_message};
use fmz_signaling_core::{Path, SessionId};
use std::time::Duration;

/// Two who draw, with both channels open.
fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ids = (
        world.enter_with_transport(1, "ada", DRAW),
        world.enter_with_transport(2, "ben", DRAW),
    );
    for id in [ids.0, ids.1] {
        world.channel(id, Channel::Ops, true);
        world.channel(id, Channel::Live, true);
    }
    rest(world);
    ids
}

/// Lets everything be said that is still to be said.
fn rest(world: &mut World) {
    world.pass(Duration::from_secs(1));
    world.forget();
}

fn by(sent: &[Sent], path: Path) -> Vec<Vec<u64>> {
    let of_path = sent.iter().filter(|sent| sent.path == path);
    of_path.map(|sent| revisions(&[sent.message()])).collect()
}

fn copies(batches: Vec<OpBatch>) -> client_message::Message {
    client_message::Message::Copies(OpCopies { batches })
}

fn seqs(world: &World) -> Vec<u64> {
    let of_ada = world.log.iter().filter(|batch| batch.author == 1);
    of_ada.map(|batch| batch.client_seq).collect()
}
