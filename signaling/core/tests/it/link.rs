//! The forwarding unit comes up, goes away, comes back, and is not kept up with.

use crate::media::{error_code, publish, started};
use crate::world::{DRAW, EPOCH, PUBLISH, Sent, VIEW, World, ops, rectangle, revisions};
use fmz_proto::v1::{
    Channel, HeldTransport, Offer, OpenTransport, PublicationStarted, ReceivedData,
    RestartTransport, TransportOffer, TransportState, TransportStatus, UnitDown, UnitUp,
    client_message as client, from_sfu, server_message::Message, to_sfu,
};
use fmz_signaling_core::{LinkEpoch, Path, SessionId, limits};
use std::time::Duration;

/// The epoch of a unit that comes back.
const NEXT: LinkEpoch = LinkEpoch(1);

fn up(world: &mut World, epoch: LinkEpoch, transports: Vec<HeldTransport>) {
    let epoch = epoch.0;
    world.sfu(from_sfu::Message::Up(UnitUp { epoch, transports }));
}

fn down(world: &mut World, epoch: LinkEpoch) {
    world.sfu(from_sfu::Message::Down(UnitDown { epoch: epoch.0 }));
}

fn held(session: SessionId, transport: u32, publications: &[&str]) -> HeldTransport {
    HeldTransport {
        room: "demo".into(),
        session: session.on_link(EPOCH),
        transport,
        publications: publications.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn open(session: SessionId, epoch: LinkEpoch, transport: u32) -> to_sfu::Message {
    to_sfu::Message::Open(OpenTransport {
        room: "demo".into(),
        session: session.on_link(epoch),
        transport,
    })
}

/// Ada publishes and draws on her channels; Ben looks on by his.
fn playing(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    let ben = world.enter_with_transport(2, "ben", VIEW);
    for id in [ada, ben] {
        world.channel(id, Channel::Ops, true);
        world.channel(id, Channel::Live, true);
    }
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.pass(limits::COVERED_TICK);
    world.forget();
    (ada, ben)
}

fn by(sent: &[Sent], path: Path) -> Vec<u64> {
    let of_path = sent.iter().filter(|sent| sent.path == path);
    let messages: Vec<_> = of_path.map(Sent::message).collect();
    revisions(&messages)
}

fn restart(world: &mut World, id: SessionId) {
    let restart = client::Message::RestartTransport(RestartTransport {});
    world.say(id, restart);
}

#[test]
fn link5_people_stay_while_the_unit_is_away_and_get_new_transports_when_it_is_back() {
    let mut world = World::new();
    let (ada, ben) = playing(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    world.pass(limits::TICK);
    world.forget();
    down(&mut world, EPOCH);
    let sent = world.take(ben);
    // What the channels may have lost with the unit comes over the WebSocket: the film's media, and
    // the mark.
    assert_eq!(by(&sent, Path::Socket), [2, 3]);
    let ended = |sent: &Sent| matches!(sent.message(), Message::PublicationRemoved(_));
    assert_eq!(sent.iter().filter(|sent| ended(sent)).count(), 1);
    // Drawing goes on.
    world.say(ada, ops(rectangle(1, 2)));
    world.pass(limits::TICK);
    assert_eq!(by(&world.take(ben), Path::Socket), [4]);
    assert!(
        world.to_sfu.is_empty(),
        "nobody takes it: {:?}",
        world.to_sfu
    );
    assert!(world.closed.is_empty());
    world.forget();
    up(&mut world, NEXT, vec![]);
    assert_eq!(world.to_sfu, [open(ada, NEXT, 2), open(ben, NEXT, 2)]);
    // The client publishes again once it has the offer of the new transport.
    world.forget();
    world.say(ada, publish(1));
    let [to_sfu::Message::AddPublication(added)] = &world.to_sfu[..] else {
        panic!("{:?}", world.to_sfu);
    };
    assert_eq!(added.session, ada.on_link(NEXT));
    assert_eq!(added.publication, "p-0-1-2", "a name is not used twice");
}

#[test]
fn link5_a_unit_that_came_back_unnoticed_begins_anew_too() {
    let mut world = World::new();
    let (ada, ben) = playing(&mut world);
    up(&mut world, NEXT, vec![]);
    assert_eq!(world.to_sfu, [open(ada, NEXT, 2), open(ben, NEXT, 2)]);
    // News of the former unit are late.
    world.forget();
    down(&mut world, EPOCH);
    world.say(ada, publish(1));
    assert!(matches!(
        &world.to_sfu[..],
        [to_sfu::Message::AddPublication(_)]
    ));
}

#[test]
fn link5_who_comes_while_the_unit_is_away_waits_for_it() {
    let mut world = World::new();
    down(&mut world, EPOCH);
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    world.forget();
    world.say(ada, publish(1));
    restart(&mut world, ada);
    assert_eq!(error_code(&world.messages(ada)), None, "both wait");
    assert!(world.to_sfu.is_empty());
    up(&mut world, NEXT, vec![]);
    let [opened, to_sfu::Message::AddPublication(added)] = &world.to_sfu[..] else {
        panic!("{:?}", world.to_sfu);
    };
    assert_eq!(opened, &open(ada, NEXT, 1));
    assert_eq!(added.session, ada.on_link(NEXT));
    // Who goes takes the wish along.
    down(&mut world, NEXT);
    world.forget();
    world.say(ada, client::Message::Leave(Default::default()));
    up(&mut world, LinkEpoch(2), vec![]);
    assert!(world.to_sfu.is_empty(), "{:?}", world.to_sfu);
}

#[test]
fn link5_a_transport_that_ended_alone_is_replaced_when_the_unit_is_back() {
    let mut world = World::new();
    let (ada, _) = playing(&mut world);
    world.sfu(from_sfu::Message::State(TransportState {
        room: "demo".into(),
        session: ada.on_link(EPOCH),
        transport: 1,
        status: TransportStatus::Closed.into(),
    }));
    down(&mut world, EPOCH);
    world.pass(limits::RESTART_INTERVAL);
    world.forget();
    restart(&mut world, ada);
    assert_eq!(error_code(&world.messages(ada)), None, "it waits");
    up(&mut world, NEXT, vec![]);
    assert!(world.to_sfu.contains(&open(ada, NEXT, 2)));
}

#[test]
fn link5_publishing_again_on_a_new_transport_does_not_count_against_the_client() {
    let mut world = World::new();
    let (ada, _) = playing(&mut world);
    let pictures = 1..=limits::PUBLISH_BURST;
    for (epoch, next) in [(EPOCH, NEXT), (NEXT, LinkEpoch(2))] {
        down(&mut world, epoch);
        up(&mut world, next, vec![]);
        world.forget();
        for request in pictures.clone() {
            world.say(ada, publish(request));
        }
        let refused = world.messages(ada).into_iter().filter(
            |message| matches!(message, Message::Error(error) if error.code == "publish_rate"),
        );
        assert_eq!(refused.count(), 0);
    }
}

#[test]
fn link2_late_messages_of_a_former_unit_change_nothing() {
    let mut world = World::new();
    let (ada, ben) = playing(&mut world);
    down(&mut world, EPOCH);
    up(&mut world, NEXT, vec![]);
    world.say(ada, publish(1));
    world.forget();
    let head = world.log.len();
    // Each would matter if it came from the unit that is up, and for the transport in use.
    let (room, session, transport) = (|| "demo".to_owned(), ada.on_link(EPOCH), 2);
    let batch = fmz_proto::encode_client(ops(rectangle(1, 1)));
    let late = [
        from_sfu::Message::Offer(TransportOffer {
            room: room(),
            session,
            offer: Some(Offer {
                transport,
                ..Offer::default()
            }),
        }),
        from_sfu::Message::Data(ReceivedData {
            room: room(),
            session,
            transport,
            channel: Channel::Ops.into(),
            payload: batch,
        }),
        from_sfu::Message::PublicationStarted(PublicationStarted {
            room: room(),
            publication: "p-0-1-2".into(),
            session,
            codec: "VP8".into(),
        }),
        from_sfu::Message::State(TransportState {
            room: room(),
            session,
            transport,
            status: TransportStatus::Closed.into(),
        }),
    ];
    for message in late {
        world.sfu(message);
        world.pass(limits::TICK);
        assert!(world.sent.is_empty() && world.to_sfu.is_empty());
    }
    assert_eq!(world.log.len(), head);
    // The same from the unit that is up.
    world.sfu(from_sfu::Message::PublicationStarted(PublicationStarted {
        room: room(),
        publication: "p-0-1-2".into(),
        session: ada.on_link(NEXT),
        codec: "VP8".into(),
    }));
    let told = world.messages(ben);
    assert!(
        matches!(&told[..], [Message::PublicationAdded(_)]),
        "{told:?}"
    );
}

#[test]
fn link3_an_inventory_ends_what_only_one_side_has() {
    let mut world = World::new();
    let (ada, ben) = playing(&mut world);
    let gone = SessionId(77);
    let other = HeldTransport {
        room: "other".into(),
        ..held(SessionId(78), 1, &[])
    };
    // Ada's is as the room knows it, but for a publication; Ben's is missing.
    let inventory = vec![
        held(ada, 1, &["p-0-1-1", "p-0-1-9"]),
        held(gone, 4, &[]),
        other,
    ];
    up(&mut world, EPOCH, inventory);
    let [
        to_sfu::Message::RemovePublication(removed),
        to_sfu::Message::Close(closed),
        opened,
    ] = &world.to_sfu[..]
    else {
        panic!("{:?}", world.to_sfu);
    };
    assert_eq!(removed.publication, "p-0-1-9");
    assert_eq!(closed.session, gone.on_link(EPOCH));
    assert_eq!(opened, &open(ben, EPOCH, 2));
    let told = |world: &mut World, id| {
        let messages = world.messages(id);
        let removed = |message: &&Message| matches!(message, Message::PublicationRemoved(_));
        messages.iter().filter(removed).count()
    };
    assert_eq!(told(&mut world, ben), 0, "the film goes on");
    world.forget();
    // A transport with another number is another one, with all that was on it.
    up(
        &mut world,
        EPOCH,
        vec![held(ada, 7, &["p-0-1-1"]), held(ben, 2, &[])],
    );
    assert_eq!(world.to_sfu, [open(ada, EPOCH, 2)]);
    assert_eq!(told(&mut world, ben), 1);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-2"));
    world.forget();
    // A publication that the unit does not have has ended.
    up(
        &mut world,
        EPOCH,
        vec![held(ada, 2, &[]), held(ben, 2, &[])],
    );
    assert!(world.to_sfu.is_empty(), "{:?}", world.to_sfu);
    assert_eq!(told(&mut world, ben), 1);
}

#[test]
fn link4_a_room_that_did_not_keep_up_replaces_its_transports_and_no_op_is_lost() {
    let mut world = World::new();
    let (ada, ben) = playing(&mut world);
    let looks = world.enter(world.join(3, "cid", DRAW));
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    // The second batch was lost before the room; the third waits behind it.
    world.forget();
    world.room.handle_link_overrun(world.now);
    world.pass(Duration::ZERO);
    assert_eq!(world.to_sfu, [open(ada, EPOCH, 2), open(ben, EPOCH, 2)]);
    let third = ops(rectangle(1, 3));
    world.say_on(ada, Channel::Ops, third.clone());
    // The channel closed at the client too, which repeats what was not acknowledged.
    world.say(ada, ops(rectangle(1, 2)));
    world.say(ada, third);
    world.pass(limits::TICK);
    let sent = world.take(looks);
    assert_eq!(by(&sent, Path::Socket), [4, 5, 6]);
    let batches = world.log.iter().filter(|batch| batch.author == 1);
    let order: Vec<_> = batches.map(|batch| batch.client_seq).collect();
    assert_eq!(order, [1, 2, 3]);
}

#[test]
fn path3_a_refusal_on_a_lost_channel_is_repeated_even_if_commits_left_the_channel_before() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", DRAW);
    world.channel(ada, Channel::Ops, true);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    let mut again = rectangle(1, 1);
    again.client_seq = 2;
    world.say_on(ada, Channel::Ops, ops(again));
    world.pass(limits::TICK);
    let refused = |sent: &[Sent], path| {
        let of_path = sent.iter().filter(|sent| sent.path == path);
        let is = |message: &Message| matches!(message, Message::Rejected(_));
        of_path.map(Sent::message).filter(is).count()
    };
    assert_eq!(refused(&world.take(ada), Path::Ops), 1);
    // A snapshot takes the commits to the WebSocket while the channel stays open.
    let resync = fmz_proto::v1::Resync::default();
    world.say(ada, client::Message::Resync(resync));
    world.pass(limits::SNAPSHOT_INTERVAL);
    world.forget();
    world.channel(ada, Channel::Ops, false);
    assert_eq!(refused(&world.take(ada), Path::Socket), 1);
}
