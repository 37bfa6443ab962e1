use crate::world::{DRAW, Sent, World, ops, rectangle, revisions, snapshot};
use fmz_proto::v1::{Channel, Resync, client_message};
use fmz_signaling_core::{Path, SessionId, limits};

fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter(world.join(1, "ada", DRAW));
    let ben = world.enter_with_transport(2, "ben", DRAW);
    world.pass(limits::TICK);
    world.forget();
    (ada, ben)
}

fn draw(world: &mut World, ada: SessionId, client_seq: u64) {
    world.say(ada, ops(rectangle(1, client_seq)));
    world.pass(limits::TICK);
}

fn by(sent: &[Sent], path: Path) -> Vec<u64> {
    let messages: Vec<_> = sent
        .iter()
        .filter(|sent| sent.path == path)
        .map(Sent::message)
        .collect();
    revisions(&messages)
}

#[test]
fn path1_commits_go_by_the_open_channel_or_by_the_socket_never_both() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    draw(&mut world, ada, 1);
    world.channel(ben, Channel::Ops, true);
    world.forget();
    draw(&mut world, ada, 2);
    let (to_ada, to_ben) = (world.take(ada), world.take(ben));
    assert_eq!(
        (by(&to_ada, Path::Socket), by(&to_ada, Path::Ops)),
        (vec![4], vec![])
    );
    assert_eq!(
        (by(&to_ben, Path::Socket), by(&to_ben, Path::Ops)),
        (vec![], vec![4])
    );
    assert_eq!(to_ada[0].frame, to_ben[0].frame);
}

#[test]
fn path2_what_may_still_be_on_the_socket_is_said_again_when_the_channel_opens() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    draw(&mut world, ada, 1);
    draw(&mut world, ada, 2);
    world.take(ben);
    world.channel(ben, Channel::Ops, true);
    assert_eq!(by(&world.take(ben), Path::Ops), [3, 4]);
}

#[test]
fn path3_what_the_lost_channel_may_have_kept_comes_over_the_socket() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    draw(&mut world, ada, 1);
    world.channel(ben, Channel::Ops, true);
    draw(&mut world, ada, 2);
    draw(&mut world, ada, 3);
    world.take(ben);
    world.channel(ben, Channel::Ops, false);
    assert_eq!(
        by(&world.take(ben), Path::Socket),
        [4, 5],
        "the third came over the socket before"
    );
    draw(&mut world, ada, 4);
    assert_eq!(by(&world.take(ben), Path::Socket), [6]);
}

#[test]
fn path4_a_base_tells_what_need_not_be_said_again() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.channel(ben, Channel::Ops, true);
    draw(&mut world, ada, 1);
    draw(&mut world, ada, 2);
    let mut batch = rectangle(2, 1);
    batch.base = 3;
    world.say_on(ben, Channel::Ops, ops(batch));
    world.pass(limits::TICK);
    world.take(ben);
    world.channel(ben, Channel::Ops, false);
    assert_eq!(by(&world.take(ben), Path::Socket), [4, 5]);
}

#[test]
fn path5_a_resync_is_answered_by_the_way_of_commits_and_a_snapshot_moves_to_the_socket() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.channel(ben, Channel::Ops, true);
    draw(&mut world, ada, 1);
    world.forget();
    world.say_on(
        ben,
        Channel::Ops,
        client_message::Message::Resync(Resync {
            revision: 2,
            diverged: false,
        }),
    );
    assert_eq!(by(&world.take(ben), Path::Ops), [3]);
    world.say_on(
        ben,
        Channel::Ops,
        client_message::Message::Resync(Resync {
            revision: 0,
            diverged: false,
        }),
    );
    world.pass(limits::SNAPSHOT_INTERVAL);
    let sent = world.take(ben);
    assert!(sent.iter().all(|sent| sent.path == Path::Socket));
    let messages: Vec<_> = sent.iter().map(Sent::message).collect();
    assert_eq!(snapshot(&messages).unwrap().revision(), 3);
    draw(&mut world, ada, 2);
    assert_eq!(
        by(&world.take(ben), Path::Socket),
        [4],
        "commits do not overtake the snapshot"
    );
}

#[test]
fn path6_channels_of_a_transport_that_was_given_up_mean_nothing() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.pass(limits::RESTART_INTERVAL);
    world.say(
        ben,
        client_message::Message::RestartTransport(Default::default()),
    );
    world.channel(ben, Channel::Ops, true);
    world.forget();
    draw(&mut world, ada, 1);
    assert_eq!(by(&world.take(ben), Path::Socket), [3]);
}

#[test]
fn path7_the_lossy_channel_carries_only_what_may_be_lost() {
    let mut world = World::new();
    let (_, ben) = pair(&mut world);
    world.say_on(ben, Channel::Live, ops(rectangle(2, 1)));
    assert_eq!(world.log.len(), 2);
    world.say_on(ben, Channel::Ops, ops(rectangle(2, 1)));
    assert_eq!(world.log.len(), 3);
}
