use crate::world::{DRAW, PUBLISH, VIEW, World, ops, rectangle, snapshot};
use fmz_proto::{
    WireError,
    v1::{Grants, Leave, Ping, client_message, server_message::Message},
};
use fmz_signaling_core::{Reason, RoomLimits, SessionId, limits};
use std::time::Duration;

#[test]
fn join1_welcome_waits_until_the_author_is_durable() {
    let mut world = World::new();
    world.prompt = false;
    let ada = world.enter(world.join(1, "ada", DRAW));
    assert!(world.messages(ada).is_empty());
    world.append();
    let messages = world.messages(ada);
    let Message::Welcome(welcome) = &messages[0] else {
        panic!("{messages:?}")
    };
    assert_eq!(
        (welcome.author, welcome.last_client_seq, welcome.revision),
        (1, 0, 1)
    );
    assert_eq!(welcome.participants.len(), 1, "oneself is in the list");
    assert_eq!(snapshot(&messages).unwrap(), *world.room.document());
}

#[test]
fn join2_who_only_looks_is_welcomed_at_once_and_has_no_number() {
    let mut world = World::new();
    world.prompt = false;
    let ada = world.enter(world.join(1, "ada", VIEW));
    let welcome = world.welcome(ada);
    assert_eq!((welcome.author, welcome.revision), (0, 0));
    assert!(world.appends.is_empty());
}

#[test]
fn join3_the_same_page_gets_its_number_again_and_its_older_session_ends() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    world.say(ada, ops(rectangle(1, 1)));
    world.forget();
    let again = world.enter(world.join(3, "ada", DRAW));
    assert_eq!(world.closed, [(ada, Reason::Replaced)]);
    let welcome = world.welcome(again);
    assert_eq!(
        (welcome.participant, welcome.author, welcome.last_client_seq),
        (3, 1, 1)
    );
    let seen = world.messages(ben);
    assert!(
        matches!(&seen[0], Message::ParticipantLeft(left) if left.participant == 1 && left.reason == "replaced")
    );
    assert!(matches!(&seen[1], Message::ParticipantJoined(joined)
        if joined.participant.as_ref().is_some_and(|joined| joined.participant == 3 && joined.author == 1)));
    assert_eq!(world.log.len(), 3, "no second number is made");
}

#[test]
fn join4_another_subject_with_the_same_key_is_another_author() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let alan = world.enter(world.join(2, "alan", DRAW));
    assert_ne!(world.welcome(ada).author, world.welcome(alan).author);
    assert!(world.closed.is_empty());
}

#[test]
fn join5_a_full_room_refuses_but_takes_back_who_is_in_it() {
    let mut world = World::with(
        RoomLimits {
            participants_max: 2,
            ..RoomLimits::default()
        },
        Default::default(),
    );
    world.enter(world.join(1, "ada", DRAW));
    world.enter(world.join(2, "ben", VIEW));
    let third = world.enter(world.join(3, "cid", VIEW));
    assert_eq!(world.closed, [(third, Reason::RoomFull)]);
    let back = world.enter(world.join(4, "ada", DRAW));
    assert_eq!(world.welcome(back).author, 1);
}

#[test]
fn join6_without_the_grant_to_look_or_with_a_token_that_ended_nobody_enters() {
    let mut world = World::new();
    let blind = world.enter(world.join(
        1,
        "ada",
        Grants {
            view: false,
            ..PUBLISH
        },
    ));
    let mut late = world.join(2, "ben", VIEW);
    late.expires = world.now;
    let late = world.enter(late);
    assert_eq!(
        world.closed,
        [(blind, Reason::Grant), (late, Reason::Expired)]
    );
    assert_eq!(world.room.sessions(), 0);
}

#[test]
fn join7_a_token_that_ends_ends_the_session() {
    let mut world = World::new();
    let mut join = world.join(1, "ada", DRAW);
    join.expires = world.now + Duration::from_secs(10);
    let ada = world.enter(join);
    world.pass(Duration::from_secs(9));
    assert!(world.closed.is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.closed, [(ada, Reason::Expired)]);
}

#[test]
fn join8_silence_ends_a_session_and_any_sign_of_life_keeps_it() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    let cid = world.enter(world.join(3, "cid", DRAW));
    let nearly = limits::SILENCE_MAX - Duration::from_millis(1);
    world.pass(nearly);
    world.say(ada, client_message::Message::Ping(Ping::default()));
    world.room.handle_alive(ben, world.now);
    world.pass(nearly);
    assert_eq!(world.closed, [(cid, Reason::Timeout)]);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.closed.len(), 3);
    assert!(world.room.is_idle());
}

#[test]
fn join9_leaving_is_told_to_the_others() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    world.forget();
    world.say(ada, client_message::Message::Leave(Leave {}));
    assert_eq!(world.closed, [(ada, Reason::Left)]);
    assert!(
        matches!(&world.messages(ben)[..], [Message::ParticipantLeft(left)] if left.reason == "left")
    );
    world.room.handle_left(ben, Reason::Disconnected, world.now);
    assert_eq!(
        (world.closed.len(), world.room.sessions()),
        (1, 0),
        "nobody is told twice"
    );
}

#[test]
fn join10_colours_stay_over_reconnects_and_come_from_the_palette() {
    let mut world = World::new();
    let color = |world: &mut World, session| {
        let id = world.enter(world.join(session, "ada", DRAW));
        let welcome = world.welcome(id);
        welcome
            .participants
            .iter()
            .find(|participant| participant.participant == session)
            .unwrap()
            .color
    };
    let first = color(&mut world, 7);
    assert_eq!(color(&mut world, 23), first);
    assert!(first < limits::PALETTE);
}

#[test]
fn join11_frames_that_are_no_messages_are_answered_then_end_the_session() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    world.forget();
    for _ in 0..limits::STRIKES_MAX {
        world
            .room
            .handle_malformed(ada, &WireError::Malformed("test"), world.now);
    }
    world.pass(Duration::ZERO);
    let errors = world.messages(ada);
    assert_eq!(errors.len(), limits::STRIKES_MAX as usize);
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, Message::Error(error) if error.code == "malformed"))
    );
    world
        .room
        .handle_malformed(ada, &WireError::Malformed("test"), world.now);
    world.pass(Duration::ZERO);
    assert_eq!(world.closed, [(ada, Reason::Malformed)]);
}

#[test]
fn join12_too_many_messages_end_the_session_and_touch_nobody_else() {
    let mut world = World::with(
        RoomLimits {
            messages_burst: 10,
            ..RoomLimits::default()
        },
        Default::default(),
    );
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", DRAW));
    for _ in 0..12 {
        world.say(ada, client_message::Message::Ping(Ping::default()));
    }
    assert_eq!(world.closed, [(ada, Reason::Flood)]);
    world.say(ben, ops(rectangle(2, 1)));
    assert_eq!(world.log.len(), 3);
}

#[test]
fn join13_shutdown_tells_everyone_and_nothing_follows() {
    let mut world = World::new();
    world.prompt = false;
    world.enter(world.join(1, "ada", DRAW));
    world.append();
    world.say(SessionId(1), ops(rectangle(1, 1)));
    world.room.handle_shutdown(Reason::Shutdown);
    world.pass(Duration::ZERO);
    assert_eq!(world.closed, [(SessionId(1), Reason::Shutdown)]);
    world.forget();
    world.append();
    world.enter(world.join(2, "ben", DRAW));
    assert_eq!(world.closed[1], (SessionId(2), Reason::Shutdown));
    assert!(world.sent.is_empty() && world.appends.is_empty());
}

#[test]
fn join14_a_ping_is_answered_with_the_rooms_time() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", VIEW));
    world.pass(Duration::from_micros(1234));
    world.forget();
    world.say(
        ada,
        client_message::Message::Ping(Ping {
            nonce: 5,
            sent_us: 6,
        }),
    );
    let messages = world.messages(ada);
    assert!(
        matches!(&messages[..], [Message::Pong(pong)] if (pong.nonce, pong.sent_us, pong.server_us) == (5, 6, 1234))
    );
}
