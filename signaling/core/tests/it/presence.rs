use crate::world::{DRAW, VIEW, World};
use fmz_proto::v1::{Channel, Point, Presence, client_message, server_message::Message};
use fmz_signaling_core::{Class, Path, SessionId, limits};
use std::time::Duration;

fn at(x: i32) -> client_message::Message {
    client_message::Message::Presence(Presence {
        pointer: Some(Point { x, y: 0 }),
    })
}

fn off() -> client_message::Message {
    client_message::Message::Presence(Presence { pointer: None })
}

fn pointers(world: &mut World, id: SessionId) -> Vec<Option<i32>> {
    let messages = world.messages(id).into_iter();
    let presence = messages.filter_map(|message| match message {
        Message::Presence(from) => from.presence,
        _ => None,
    });
    presence
        .map(|presence| presence.pointer.map(|point| point.x))
        .collect()
}

#[test]
fn presence1_only_the_newest_pointer_is_sent_twenty_times_a_second() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", VIEW));
    world.forget();
    for x in 1..=100 {
        world.say(ada, at(x));
        world.pass(Duration::from_millis(10));
    }
    world.pass(limits::PRESENCE_INTERVAL);
    let seen = pointers(&mut world, ben);
    assert!((20..=22).contains(&seen.len()), "{seen:?}");
    assert_eq!(
        (seen.first(), seen.last()),
        (Some(&Some(1)), Some(&Some(100)))
    );
    assert!(
        world.take(ada).is_empty(),
        "one's own pointer does not come back"
    );
    world.pass(Duration::from_secs(1));
    assert!(
        world.take(ben).is_empty(),
        "a pointer at rest costs nothing"
    );
}

#[test]
fn presence2_a_pointer_that_left_the_picture_is_said_once() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter(world.join(2, "ben", VIEW));
    world.say(ada, at(1));
    world.forget();
    for _ in 0..3 {
        world.say(ada, off());
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(pointers(&mut world, ben), [None]);
}

#[test]
fn presence3_it_goes_by_the_lossy_channel_where_that_is_open() {
    let mut world = World::new();
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter_with_transport(2, "ben", VIEW);
    let cid = world.enter(world.join(3, "cid", VIEW));
    world.channel(ben, Channel::Live, true);
    world.forget();
    world.say(ada, at(1));
    let (to_ben, to_cid) = (world.take(ben), world.take(cid));
    assert_eq!((to_ben.len(), to_ben[0].path), (1, Path::Live));
    assert_eq!((to_cid.len(), to_cid[0].class), (1, Some(Class::Presence)));
}

#[test]
fn presence4_so_many_pointers_are_shown_and_one_at_rest_gives_way() {
    let mut world = World::new();
    let count = limits::POINTERS_MAX as u32;
    let names: Vec<_> = (0..=count)
        .map(|n| char::from(b'A' + n as u8).to_string())
        .collect();
    let ids: Vec<_> = (1..)
        .zip(&names)
        .map(|(session, name)| world.enter(world.join(session, name, VIEW)))
        .collect();
    let viewer = world.enter(world.join(count + 2, "viewer", VIEW));
    world.forget();
    for id in &ids {
        world.say(*id, at(id.0 as i32));
    }
    assert_eq!(pointers(&mut world, viewer).len(), limits::POINTERS_MAX);
    world.pass(limits::POINTER_IDLE);
    let late = ids[count as usize];
    world.say(late, at(5));
    assert_eq!(pointers(&mut world, viewer), [Some(5)]);
}
