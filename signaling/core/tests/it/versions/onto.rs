//! Changes that come with a commit, made onto an older version.

use super::{OWN, asker, code, commit, page, pair, world, wrap};
use crate::world::{DRAW, ops, rectangle};
use fmz_annotation::{
    Key, ObjectId as Id,
    version::{COMMITTER, VersionId},
};
use fmz_proto::v1::{Create, FrameStamp, Kind, ObjectId, Op, OpBatch, Property, Set, op, property};
use fmz_signaling_core::{Command, Commit, Committed, Outcome};

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
    let Outcome::Commit(Ok(Committed {
        version,
        overwritten,
    })) = world.ask(page("olga", OWN), delta())
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
    assert_eq!(code(&world.ask(page("olga", OWN), delta())), "ok");
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
        code(&world.ask(page("olga", OWN), unknown)),
        "unknown_version"
    );
    assert_eq!(code(&world.ask(asker("ben", DRAW), delta())), "not_yours");
}
