use crate::world::{DRAW, VIEW, World, create, ops, rectangle, revisions, snapshot};
use fmz_annotation::Document;
use fmz_proto::points;
use fmz_proto::v1::{
    Create, FrameStamp, Grants, Kind, ObjectId, Op, OpBatch, Property, Resync, SetDeleted,
    StrokeAppend, client_message, op, property, server_message::Message,
};
use fmz_signaling_core::{Reason, RoomLimits, SessionId, limits};
use std::time::Duration;

fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    world.pass(limits::TICK);
    world.forget();
    (ada, ben)
}

#[test]
fn sequence1_nothing_is_seen_before_it_is_durable() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    world.pass(Duration::from_secs(1));
    assert!(world.sent.is_empty());
    world.append();
    assert_eq!(
        (
            revisions(&world.messages(ada)),
            revisions(&world.messages(ben))
        ),
        (vec![3], vec![3])
    );
}

#[test]
fn sequence2_a_batch_sent_twice_counts_once() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.prompt = false;
    for _ in 0..3 {
        world.say(ada, ops(rectangle(1, 1)));
    }
    world.append();
    world.prompt = true;
    world.say(ada, ops(rectangle(1, 1)));
    assert_eq!(world.log.len(), 3);
    let sent = world.messages(ada);
    assert!(
        sent.iter()
            .all(|message| matches!(message, Message::Committed(_))),
        "{sent:?}"
    );
}

#[test]
fn sequence3_without_the_grant_a_batch_is_rejected() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", VIEW));
    world.forget();
    world.say(ada, ops(rectangle(1, 1)));
    let messages = world.messages(ada);
    assert!(
        matches!(&messages[..], [Message::Rejected(rejected)] if rejected.code == "grant" && rejected.client_seq == 1)
    );
    assert!(world.log.is_empty());
}

#[test]
fn sequence4_a_batch_sees_those_numbered_before_it_and_a_bad_one_leaves_no_trace() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.prompt = false;
    let id = Some(ObjectId {
        author: 1,
        counter: 1,
    });
    let brush = Create {
        parent: None,
        id,
        kind: Kind::Brush.into(),
        frame: Some(FrameStamp::default()),
        properties: vec![],
    };
    let append = |id| {
        op::Op::StrokeAppend(StrokeAppend {
            id,
            points: Some(points::encode(&[points::Delta::default()], false)),
        })
    };
    world.say(ada, ops(create(brush, 1)));
    world.say(
        ada,
        ops(OpBatch {
            client_seq: 2,
            base: 0,
            ops: vec![Op {
                op: Some(append(id)),
            }],
        }),
    );
    let unknown = Some(ObjectId {
        author: 1,
        counter: 99,
    });
    let half_good = vec![
        Op {
            op: Some(append(id)),
        },
        Op {
            op: Some(append(unknown)),
        },
    ];
    world.say(
        ada,
        ops(OpBatch {
            client_seq: 3,
            base: 0,
            ops: half_good,
        }),
    );
    world.append();
    world.append();
    assert_eq!(world.log.len(), 4);
    let messages = world.messages(ada);
    assert!(
        messages
            .iter()
            .any(|message| matches!(message, Message::Rejected(rejected)
        if rejected.client_seq == 3 && rejected.code == "unknown_object"))
    );
    let mut replayed = Document::new();
    world
        .log
        .iter()
        .for_each(|batch| replayed.apply(batch).unwrap());
    assert_eq!(replayed, *world.room.document());
}

#[test]
fn sequence5_the_first_commit_leaves_at_once_and_the_rest_once_a_tick_in_the_same_bytes() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.pass(Duration::from_secs(1));
    world.say(ada, ops(rectangle(1, 1)));
    assert_eq!(revisions(&world.messages(ben)), [3]);
    for client_seq in 2..=5 {
        world.say(ada, ops(rectangle(1, client_seq)));
        world.pass(Duration::from_millis(1));
    }
    assert!(world.take(ben).is_empty());
    world.forget();
    world.pass(limits::TICK);
    let (to_ada, to_ben) = (world.take(ada), world.take(ben));
    assert_eq!(to_ada, to_ben);
    assert_eq!(to_ben.len(), 1);
    assert_eq!(world.handed_out, 7);
}

#[test]
fn sequence6_while_one_append_is_on_its_way_the_next_collects() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    for client_seq in 1..=10 {
        world.say(ben, ops(rectangle(2, client_seq)));
        world.say(ada, ops(rectangle(1, client_seq + 1)));
    }
    assert_eq!(world.appends[0].2.len(), 1);
    world.append();
    assert_eq!(world.appends[0].2.len(), 20);
    let authors: Vec<_> = world.appends[0]
        .2
        .iter()
        .map(|batch| batch.author)
        .collect();
    assert!(
        authors.chunks(2).all(|pair| pair[0] != pair[1]),
        "authors take turns: {authors:?}"
    );
}

#[test]
fn sequence7_a_failed_append_closes_the_room() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    let (token, ..) = world.appends.remove(0);
    world
        .room
        .handle_appended(token, Err("disk full"), world.now);
    world.pass(Duration::ZERO);
    assert_eq!(world.room.closed(), Some(Reason::Storage));
    while world.room.poll_effect().is_some_and(|effect| {
        assert!(
            !matches!(effect, fmz_signaling_core::Effect::SendSocket { .. }),
            "nothing is handed out"
        );
        true
    }) {}
    assert_eq!(revisions(&world.messages(ben)), [] as [u64; 0]);
    let _ = ada;
}

#[test]
fn sequence8_an_answer_to_an_append_of_long_ago_is_passed_over() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    let stale = fmz_signaling_core::AppendToken(world.appends[0].0.0 - 1);
    world.room.handle_appended(stale, Err("late"), world.now);
    assert_eq!(world.room.closed(), None);
    world.append();
    assert_eq!(world.log.len(), 3);
}

#[test]
fn sequence9_a_snapshot_holds_only_what_is_durable() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    let cid = world.enter(world.join(3, "cid", VIEW));
    assert!(world.messages(cid).is_empty());
    world.append();
    let messages = world.messages(cid);
    let document = snapshot(&messages).unwrap();
    assert_eq!((document.revision(), document.object_count()), (3, 1));
}

#[test]
fn sequence10_resync_brings_the_missed_commits_where_they_are_held_else_a_snapshot() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for client_seq in 1..=4 {
        world.say(ada, ops(rectangle(1, client_seq)));
        world.pass(limits::TICK);
    }
    world.forget();
    let mut resync = |revision| {
        world.say(
            ben,
            client_message::Message::Resync(Resync {
                revision,
                diverged: false,
            }),
        );
        world.pass(limits::SNAPSHOT_INTERVAL);
        world.messages(ben)
    };
    assert_eq!(revisions(&resync(4)), [5, 6]);
    assert_eq!(resync(6), []);
    assert_eq!(snapshot(&resync(0)).unwrap().revision(), 6);
    assert_eq!(
        snapshot(&resync(7)).unwrap().revision(),
        6,
        "a client from another log"
    );
}

#[test]
fn sequence11_a_room_from_its_log_holds_no_recent_commits_so_it_sends_a_snapshot() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say(ada, ops(rectangle(1, 1)));
    let mut again = World::with(RoomLimits::default(), world.room.document().clone());
    let mut join = again.join(9, "ada", VIEW);
    join.revision = 2;
    let ada = again.enter(join);
    assert_eq!(snapshot(&again.messages(ada)).unwrap().revision(), 3);
    let mut join = again.join(10, "ben", VIEW);
    join.revision = 3;
    let ben = again.enter(join);
    assert!(
        matches!(&again.messages(ben)[..], [Message::Welcome(_)]),
        "nothing was missed"
    );
}

#[test]
fn sequence12_snapshots_for_one_session_are_a_second_apart() {
    let mut world = World::new();
    let (_, ben) = pair(&mut world);
    for _ in 0..5 {
        world.say(
            ben,
            client_message::Message::Resync(Resync {
                revision: 0,
                diverged: false,
            }),
        );
    }
    assert!(world.take(ben).is_empty());
    world.pass(limits::SNAPSHOT_INTERVAL);
    assert_eq!(world.take(ben).len(), 1);
}

#[test]
fn sequence13_ops_over_the_budget_wait_and_none_is_lost() {
    let limits = RoomLimits {
        ops_per_s: 100,
        ops_burst: 10,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits, Document::new());
    let (ada, ben) = pair(&mut world);
    for client_seq in 1..=60 {
        world.say(ada, ops(rectangle(1, client_seq)));
    }
    world.say(ben, ops(rectangle(2, 1)));
    assert_eq!(
        world.log.len(),
        2 + 11 + 1,
        "the burst, the one that overdraws, and the other's"
    );
    world.pass(Duration::from_millis(500));
    assert_eq!(world.log.len(), 2 + 60 + 1);
    assert!(world.closed.is_empty());
}

#[test]
fn sequence14_a_full_inbox_ends_the_session() {
    let limits = RoomLimits {
        ops_per_s: 1,
        ops_burst: 1,
        messages_burst: 10_000,
        ..RoomLimits::default()
    };
    let mut world = World::with(limits, Document::new());
    let (ada, _) = pair(&mut world);
    let many = |client_seq| OpBatch {
        ops: vec![rectangle(1, client_seq).ops.remove(0); 256],
        client_seq,
        base: 0,
    };
    for client_seq in 1..=(limits::INBOX_OPS_MAX as u64 / 256 + 4) {
        world.say(ada, ops(many(client_seq)));
    }
    assert_eq!(world.closed, [(ada, Reason::Flood)]);
}

#[test]
fn sequence15_only_an_owner_changes_what_others_drew() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    let owner = Grants { own: true, ..DRAW };
    let olga = world.enter(world.join(3, "olga", owner));
    world.say(ada, ops(rectangle(1, 1)));
    world.forget();
    let delete = |client_seq| {
        let deleted = SetDeleted {
            ids: vec![ObjectId {
                author: 1,
                counter: 1,
            }],
            deleted: true,
        };
        ops(OpBatch {
            client_seq,
            base: 0,
            ops: vec![Op {
                op: Some(op::Op::SetDeleted(deleted)),
            }],
        })
    };
    world.say(ben, delete(1));
    let refused = world.messages(ben);
    assert!(
        matches!(&refused[..], [Message::Rejected(rejected)] if rejected.code == "not_yours"),
        "{refused:?}"
    );
    world.say(olga, delete(1));
    assert_eq!(world.log.len(), 5);
}

#[test]
fn sequence16_a_long_commit_is_split_into_frames_that_fit() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.prompt = false;
    world.say(ada, ops(rectangle(1, 1)));
    let noise = |seed: u64| -> String {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'!' + (state >> 33) as u8 % 90)
        };
        (0..4096).map(|_| next()).collect()
    };
    for client_seq in 2..=200 {
        let text = Property {
            value: Some(property::Value::Text(noise(client_seq))),
        };
        let id = Some(ObjectId {
            author: 1,
            counter: client_seq as u32,
        });
        let note = Create {
            parent: None,
            id,
            kind: Kind::Text.into(),
            frame: Some(FrameStamp::default()),
            properties: vec![text],
        };
        world.say(ada, ops(create(note, client_seq)));
    }
    world.append();
    world.append();
    world.pass(limits::TICK);
    let sent = world.take(ben);
    assert!(sent.len() > 2);
    assert!(
        sent.iter()
            .all(|sent| sent.frame.len() <= fmz_proto::limits::SERVER_FRAME_BYTES_MAX)
    );
    let messages: Vec<_> = sent.iter().map(|sent| sent.message()).collect();
    assert_eq!(revisions(&messages), (3..=202).collect::<Vec<_>>());
}

#[test]
fn sequence17_commits_carry_the_rooms_time_of_day() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.pass(Duration::from_secs(5));
    world.say(ada, ops(rectangle(1, 1)));
    assert_eq!(
        world.log[2].committed_ms,
        1_000_000 + 5000 + limits::TICK.as_millis() as u64
    );
}
