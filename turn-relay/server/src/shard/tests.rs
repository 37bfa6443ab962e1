use super::*;
use crate::metrics::Metrics;
use fmz_turn_core::Config;
use std::sync::Arc;

fn shard(listening: Option<RawSocket>) -> (Shard, Door) {
    let poll = Poll::new().expect("the system gives a selector");
    let waker = mio::Waker::new(poll.registry(), BELL).expect("and a waker");
    let (outer, inbox) = door(Arc::new(Bell::new(waker)));
    let registry = poll.registry().try_clone().expect("and a second handle");
    let metrics = Metrics::new(&prometheus::Registry::new()).expect("names are not taken");
    let way = Way::new(listening, Sockets::new(registry), None, Vec::new(), metrics);
    let relay = Relay::new(Config::default(), [0; 32], Instant::now(), unix_time());
    let drained = watch::channel(false).0;
    (Shard::new(0, relay, poll, way, inbox, drained), outer)
}

#[test]
fn turn_socket9_a_loop_without_work_waits_whether_or_not_it_has_a_socket() {
    let socket = listening(([127, 0, 0, 1], 0).into(), false).expect("a free port");
    for listening in [None, Some(socket)] {
        let (mut shard, _door) = shard(listening);
        assert!(shard.round() == Round::Done);
    }
}
