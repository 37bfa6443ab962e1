//! Who may do what: every set of grants, with every op on one's own and on somebody else's
//! object, and with every command.

mod commands;
mod table;

use crate::world::{DRAW, World, film, ops};
use fmz_proto::FromClient;
use fmz_proto::v1::{
    Grants, Kind, MediaKind, Op, OpBatch, Publish, Source, client_message, op,
    server_message::Message,
};
use fmz_signaling_core::{Reason, RoomLimits, SessionId};
use std::time::Duration;
use table::{ADA, BEN, CLEAR, OPS, append, create};

/// Kinds of the objects that both have, in order of their counters.
const DRAWN: [Kind; 4] = [Kind::Rectangle, Kind::Pin, Kind::Text, Kind::Brush];

fn batch(client_seq: u64, made: Vec<op::Op>) -> client_message::Message {
    let made = made.into_iter().map(|op| Op { op: Some(op) });
    ops(OpBatch {
        client_seq,
        base: 0,
        ops: made.collect(),
    })
}

/// All 32.
fn every_grants() -> impl Iterator<Item = Grants> {
    (0..32).map(|bits| Grants {
        view: bits & 1 > 0,
        annotate: bits & 2 > 0,
        publish: bits & 4 > 0,
        present: bits & 8 > 0,
        own: bits & 16 > 0,
    })
}

/// A room in which Ada and Ben have drawn one of each, and Ada has gone.
fn world() -> World {
    let limits = RoomLimits {
        auto_commit: Duration::ZERO,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits, Default::default());
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    for (session, author) in [(ada, ADA), (ben, BEN)] {
        let made = (1..).zip(DRAWN);
        let made = made
            .map(|(counter, kind)| create(author, counter, kind))
            .chain([append(author)])
            .collect();
        world.say(session, batch(1, made));
    }
    world.send_film(film("film"));
    world.room.handle_left(ada, Reason::Left, world.now);
    assert_eq!(world.room.document().object_count(), 8);
    world.forget();
    world
}

/// Ada comes back with these grants; `None` where she is not let in.
fn come_back(world: &mut World, grants: Grants) -> Option<SessionId> {
    let ada = world.enter(world.join(3, "ada", grants));
    let refused = world.closed.contains(&(ada, Reason::Grant));
    assert_eq!(refused, !grants.view, "join6");
    world.forget();
    (!refused).then_some(ada)
}

/// What becomes of one op.
fn tried(grants: Grants, op: op::Op) -> String {
    let mut world = world();
    let Some(ada) = come_back(&mut world, grants) else {
        return "outside".into();
    };
    let before = world.room.document().revision();
    let message = batch(2, vec![op]);
    if let Err(error) = FromClient::check(message.clone()) {
        return error.code().into();
    }
    world.say(ada, message);
    let done = world.room.document().revision() > before;
    let rejected = world
        .messages(ada)
        .into_iter()
        .find_map(|message| match message {
            Message::Rejected(rejected) => Some(rejected.code),
            _ => None,
        });
    assert_eq!(done, rejected.is_none(), "done or said to be not");
    rejected.unwrap_or_else(|| "ok".into())
}

#[test]
fn grant1_who_may_make_which_op_on_whose_object() {
    for grants in every_grants() {
        for (number, (make, own, others)) in OPS.into_iter().enumerate() {
            for (of, takes) in [(ADA, own), (BEN, others)] {
                let expected = match grants.view {
                    true => takes.code(grants),
                    false => "outside",
                };
                let found = tried(grants, make(of));
                assert_eq!(found, expected, "op {number} on {of}'s, {grants:?}");
            }
        }
    }
}

#[test]
fn grant2_a_clear_takes_what_its_author_may_delete() {
    for grants in every_grants().filter(|grants| grants.view) {
        let mut world = world();
        let ada = come_back(&mut world, grants).unwrap();
        world.say(ada, batch(2, vec![CLEAR(ADA)]));
        let seen = |author| {
            let objects = world.room.document().objects();
            objects
                .filter(|object| object.id().author() == author && !object.deleted())
                .count()
        };
        let expected = match (grants.annotate, grants.own) {
            (false, _) => (4, 4),
            (true, false) => (0, 4),
            (true, true) => (0, 0),
        };
        assert_eq!((seen(ADA), seen(BEN)), expected, "{grants:?}");
    }
}

#[test]
fn grant5_publishing_takes_its_grant_and_no_other() {
    for grants in every_grants().filter(|grants| grants.view) {
        let mut world = world();
        let ada = come_back(&mut world, grants).unwrap();
        let publish = Publish {
            request: 1,
            kind: MediaKind::Video.into(),
            source: Source::Camera.into(),
            ..Publish::default()
        };
        world.say(ada, client_message::Message::Publish(publish));
        let said = world
            .messages(ada)
            .into_iter()
            .find_map(|message| match message {
                Message::Error(error) => Some(error.code),
                _ => None,
            });
        let expected = if grants.publish {
            "no_transport"
        } else {
            "grant"
        };
        assert_eq!(said.as_deref(), Some(expected), "{grants:?}");
    }
}
