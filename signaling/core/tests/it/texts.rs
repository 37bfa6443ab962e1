//! Texts that several people edit at once.

use crate::versions;
use crate::world::{DRAW, World, create, ops};
use fmz_proto::v1::{
    Create, FrameStamp, Grants, Kind, ObjectId, Op, OpBatch, Property, TextEdit, TextStep, op,
    property, server_message::Message, text_step::Step,
};
use fmz_signaling_core::{Command, Commit, Outcome, SessionId};

const WORDS: ObjectId = ObjectId {
    author: 1,
    counter: 1,
};

/// A room where Ada wrote "ab"; Olga may change it. Gives its last revision too.
fn written(world: &mut World) -> (SessionId, SessionId, u64) {
    let ada = world.enter(world.join(1, "ada", DRAW));
    let owner = Grants { own: true, ..DRAW };
    let olga = world.enter(world.join(2, "olga", owner));
    let text = Property {
        value: Some(property::Value::Text("ab".into())),
    };
    let made = Create {
        id: Some(WORDS),
        kind: Kind::Text.into(),
        frame: Some(FrameStamp::default()),
        properties: vec![text],
        ..Create::default()
    };
    world.say(ada, ops(create(made, 1)));
    world.forget();
    let revision = world.room.document().revision();
    (ada, olga, revision)
}

fn insert(at: u32, text: &str) -> Op {
    let steps = [Step::Retain(at), Step::Insert(text.into())];
    let kept = steps.into_iter().filter(|step| *step != Step::Retain(0));
    let steps = kept.map(|step| TextStep { step: Some(step) });
    let edit = TextEdit {
        id: Some(WORDS),
        steps: steps.collect(),
    };
    Op {
        op: Some(op::Op::TextEdit(edit)),
    }
}

fn batch(client_seq: u64, base: u64, op: Op) -> OpBatch {
    OpBatch {
        client_seq,
        base,
        ops: vec![op],
    }
}

fn refusal(world: &mut World, id: SessionId) -> Option<String> {
    let messages = world.messages(id);
    messages.into_iter().find_map(|message| match message {
        Message::Rejected(rejected) => Some(rejected.code),
        _ => None,
    })
}

#[test]
fn sequence19_a_text_edit_is_moved_over_what_came_since_its_base() {
    let mut world = World::new();
    let (ada, olga, base) = written(&mut world);
    world.say(ada, ops(batch(2, base, insert(0, "xyz"))));
    world.say(olga, ops(batch(1, base, insert(2, "c"))));
    let last = world.log.last().expect("both were taken");
    assert_eq!(last.ops, [insert(5, "c")]);
    let id = fmz_annotation::ObjectId::try_from(&WORDS).expect("not 0");
    let text = world.room.document().object(id).map(|object| object.text());
    assert_eq!(text, Some("xyzabc"));
}

#[test]
fn sequence19_an_edit_of_what_was_never_there_is_rejected() {
    let mut world = World::new();
    let (ada, _, base) = written(&mut world);
    world.say(ada, ops(batch(2, base, insert(3, "x"))));
    assert_eq!(refusal(&mut world, ada).as_deref(), Some("bad_text_edit"));
    world.forget();
    world.say(ada, ops(batch(3, base + 1, insert(0, "x"))));
    assert_eq!(refusal(&mut world, ada).as_deref(), Some("out_of_range"));
}

#[test]
fn commit9_edits_of_texts_on_an_older_base_are_moved() {
    let mut world = World::new();
    let (ada, _, base) = written(&mut world);
    let version = versions::commit(&mut world, "base");
    world.say(ada, ops(batch(2, base, insert(0, "xyz"))));
    let delta = Command::Commit(Commit {
        base: Some(version.id),
        ops: vec![insert(2, "c")],
        ..Commit::default()
    });
    let owner = Grants { own: true, ..DRAW };
    let done = world.ask(versions::page("olga", owner), delta);
    assert!(matches!(done, Outcome::Commit(Ok(_))), "{done:?}");
    let id = fmz_annotation::ObjectId::try_from(&WORDS).expect("not 0");
    let text = world.room.document().object(id).map(|object| object.text());
    assert_eq!(text, Some("xyzabc"));
}
