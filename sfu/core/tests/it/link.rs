//! Epochs and the inventory of the room link.

use crate::world::{ROOM, World, server};
use fmz_proto::v1::{self, from_sfu, to_sfu};
use fmz_sfu_core::{Config, Sfu};
use str0m::format::Codec;

/// Number of a session, as the owner writes it for a forwarding unit of this epoch.
fn numbered(epoch: u32, session: u32) -> u64 {
    u64::from(epoch) << 32 | u64::from(session)
}

fn open(session: u64) -> to_sfu::Message {
    to_sfu::Message::Open(v1::OpenTransport {
        room: ROOM.into(),
        session,
        transport: 1,
    })
}

fn up(world: &mut World) -> v1::UnitUp {
    world.sfu.announce();
    world.exchange();
    match world.events.pop() {
        Some(from_sfu::Message::Up(up)) => up,
        other => panic!("the last message is the inventory: {other:?}"),
    }
}

#[test]
fn link2_a_message_to_a_former_unit_does_nothing() {
    let world = World::new();
    let config = Config {
        epoch: 2,
        candidates: vec![server()],
        ..Config::default()
    };
    let (mut sfu, now) = (Sfu::new(config, [7; 32]), world.now);
    sfu.handle_message(open(numbered(1, 5)), now);
    assert_eq!((sfu.stats().transports, sfu.stats().messages_late), (0, 1));
    sfu.handle_message(open(numbered(2, 5)), now);
    assert_eq!(sfu.stats().transports, 1);
    // The same session, as the former unit knew it.
    let close = |session| {
        let room = ROOM.into();
        to_sfu::Message::Close(v1::CloseTransport { room, session })
    };
    sfu.handle_message(close(numbered(1, 5)), now);
    let send = v1::SendData {
        room: ROOM.into(),
        sessions: vec![numbered(1, 5)],
        channel: v1::Channel::Ops.into(),
        payload: b"commit".as_slice().into(),
    };
    sfu.handle_message(to_sfu::Message::Send(send), now);
    assert_eq!((sfu.stats().transports, sfu.stats().messages_late), (1, 3));
    sfu.handle_message(close(numbered(2, 5)), now);
    assert_eq!(sfu.stats().transports, 0);
}

#[test]
fn link2_every_message_names_its_room_and_the_sessions_epoch() {
    let config = Config {
        epoch: 9,
        candidates: vec![server()],
        ..Config::default()
    };
    let (mut sfu, now) = (Sfu::new(config, [7; 32]), World::new().now);
    let session = numbered(9, 3);
    sfu.handle_message(open(session), now);
    let publish = v1::AddPublication {
        room: ROOM.into(),
        session: numbered(9, 4),
        publication: "film".into(),
        publish: None,
    };
    sfu.handle_message(to_sfu::Message::AddPublication(publish), now);
    sfu.close_all(now);
    while sfu.poll_transmit(now).is_some() {}
    let told: Vec<_> = std::iter::from_fn(|| sfu.poll_event()).collect();
    let [
        from_sfu::Message::Error(unknown),
        from_sfu::Message::State(closed),
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(
        (
            unknown.room.as_str(),
            unknown.session,
            unknown.code.as_str()
        ),
        (ROOM, numbered(9, 4), "unknown_session")
    );
    assert_eq!((closed.room.as_str(), closed.session), (ROOM, session));
}

#[test]
fn link3_the_inventory_names_every_transport_and_its_publications() {
    let mut world = World::new();
    assert_eq!(up(&mut world), v1::UnitUp::default());
    world.open(1, &[Codec::Vp8]);
    world.open(2, &[Codec::Vp8]);
    world.publish(0, "film", v1::MediaKind::Video, "VP8");
    let held = |session, publications: &[&str]| v1::HeldTransport {
        room: ROOM.into(),
        session,
        transport: 1,
        publications: publications.iter().map(|id| (*id).to_owned()).collect(),
    };
    assert_eq!(
        up(&mut world).transports,
        [held(1, &["film"]), held(2, &[])]
    );
    world.close(1);
    assert_eq!(up(&mut world).transports, [held(2, &[])]);
}
