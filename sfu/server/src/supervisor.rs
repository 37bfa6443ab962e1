//! The media thread: it runs one shard after another. A shard ends when its owner stops it, or by a
//! fault in fmz's own code. After a fault the rooms are told that the unit is gone, and after a
//! pause the next shard begins, on the same socket and with another epoch.

use crate::ports::Ports;
use crate::shard::Shard;
use crate::stop::Stop;
use fmz_proto::v1::{UnitDown, from_sfu};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Pause before the first restart; each further one is twice as long. The first is over before
/// browsers notice that nothing comes, which takes them seconds.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// Restarts in a row. A fault that comes back each time is then left to the operator, 51 s after
/// the first.
const RESTARTS_MAX: u32 = 8;
/// A shard that ran for so long has recovered, and the count begins anew.
const RECOVERED_AFTER: Duration = Duration::from_secs(60);

pub(crate) struct Supervisor {
    runtime: Runtime,
    ports: Ports,
    stop: Stop,
}

impl Supervisor {
    pub(crate) fn new(runtime: Runtime, ports: Ports, stop: Stop) -> Self {
        Self {
            runtime,
            ports,
            stop,
        }
    }

    /// Runs shards until the owner stops them, or until they were restarted too often.
    pub(crate) fn run(mut self) {
        let mut restarts = Restarts::default();
        for epoch in 1.. {
            let began = Instant::now();
            if self.serve(epoch) == Ended::ByOwner {
                return;
            }
            let pause = restarts.pause(began.elapsed());
            match pause {
                Some(pause) => tracing::error!(?pause, "the media thread failed; it starts again"),
                None => tracing::error!(
                    restarts = RESTARTS_MAX,
                    "the media thread failed too often; it does not start again"
                ),
            }
            let is_stopped = self.announce_end(epoch, pause.unwrap_or_default());
            if is_stopped || pause.is_none() {
                return;
            }
            self.ports.metrics.restarts.inc();
        }
    }

    /// Runs one shard to its end.
    fn serve(&mut self, epoch: u32) -> Ended {
        let Self {
            runtime,
            ports,
            stop,
        } = self;
        // The shard goes with the fault. What is left behind are queues, which are in order between
        // any two calls.
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let shard = Shard::new(ports, epoch, rand::random());
            runtime.block_on(shard.run(stop));
        }));
        match ended {
            Ok(()) => Ended::ByOwner,
            Err(_) => Ended::ByFault,
        }
    }

    /// Tells the rooms that the unit is gone, then waits. Returns true if it is to stop.
    fn announce_end(&mut self, epoch: u32, pause: Duration) -> bool {
        self.ports.metrics.forget_shard();
        let down = from_sfu::Message::Down(UnitDown { epoch });
        let from_sfu = &self.ports.link.from_sfu;
        let told_and_waited = async {
            if from_sfu.send(down).await.is_err() {
                return true;
            }
            tokio::time::sleep(pause).await;
            false
        };
        self.runtime.block_on(async {
            tokio::select! {
                () = self.stop.asked() => true,
                owner_gone = told_and_waited => owner_gone,
            }
        })
    }
}

/// The end of a shard.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    ByOwner,
    ByFault,
}

/// Counts restarts in a row.
#[derive(Debug, Default)]
struct Restarts {
    in_row: u32,
}

impl Restarts {
    /// Returns the pause before the next restart, after a shard that ran for so long. Returns
    /// `None` if there were too many.
    fn pause(&mut self, ran: Duration) -> Option<Duration> {
        if ran >= RECOVERED_AFTER {
            self.in_row = 0;
        }
        let pause = PAUSE_MIN * 2_u32.pow(self.in_row);
        self.in_row += 1;
        (self.in_row <= RESTARTS_MAX).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Running};
    use fmz_proto::v1::{OpenTransport, UnitUp, to_sfu};
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    /// Longer than anything here takes, so that a fault ends a test instead of holding it.
    const PATIENCE: Duration = Duration::from_secs(60);

    type Events = mpsc::Receiver<from_sfu::Message>;

    fn start(registry: &prometheus::Registry) -> (Running, mpsc::Sender<to_sfu::Message>, Events) {
        let (to_sfu, messages) = mpsc::channel(16);
        let (events, from_sfu) = mpsc::channel(16);
        let config = Config {
            media_listen: ([127, 0, 0, 1], 0).into(),
            ..Config::default()
        };
        let running = crate::start(config, messages, events, registry).unwrap();
        (running, to_sfu, from_sfu)
    }

    async fn next(events: &mut Events) -> from_sfu::Message {
        let event = timeout(PATIENCE, events.recv()).await;
        event.expect("it comes").expect("the unit lives")
    }

    /// Opens a transport on the unit of this epoch, and returns the user fragment of its offer.
    async fn offered(
        epoch: u32,
        to_sfu: &mpsc::Sender<to_sfu::Message>,
        events: &mut Events,
    ) -> String {
        let open = |epoch: u32| {
            to_sfu::Message::Open(OpenTransport {
                room: "room".into(),
                session: u64::from(epoch) << 32 | 7,
                transport: 1,
            })
        };
        // One for a former unit is under way too.
        for epoch in [epoch - 1, epoch] {
            to_sfu.send(open(epoch)).await.unwrap();
        }
        let from_sfu::Message::Offer(offer) = next(events).await else {
            panic!("an offer follows");
        };
        assert_eq!(offer.session >> 32, u64::from(epoch));
        let sdp = offer.offer.unwrap().sdp;
        let fragment = sdp
            .lines()
            .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
        fragment.expect("an offer has one").to_owned()
    }

    fn count(registry: &prometheus::Registry, name: &str) -> f64 {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metric = &family.expect("it is registered").get_metric()[0];
        metric.get_counter().get_value() + metric.get_gauge().get_value()
    }

    fn up(epoch: u32) -> from_sfu::Message {
        let transports = Vec::new();
        from_sfu::Message::Up(UnitUp { epoch, transports })
    }

    #[tokio::test]
    async fn sfu18_a_media_thread_that_panics_begins_again_on_its_port_with_another_epoch() {
        let registry = prometheus::Registry::new();
        let (running, to_sfu, mut events) = start(&registry);
        assert_eq!(next(&mut events).await, up(1));
        let first = offered(1, &to_sfu, &mut events).await;
        running.plant_fault();
        let down = from_sfu::Message::Down(UnitDown { epoch: 1 });
        assert_eq!(next(&mut events).await, down);
        assert_eq!(next(&mut events).await, up(2));
        assert!(count(&registry, "fmz_sfu_restarts_total") >= 1.0);
        // Messages that were sent to the first unit and not taken do nothing to the second.
        let second = offered(2, &to_sfu, &mut events).await;
        assert_ne!(first, second);
        running.shutdown().await;
        let mut last = None;
        while let Some(event) = events.recv().await {
            last = Some(event);
        }
        let Some(from_sfu::Message::State(closed)) = last else {
            panic!("{last:?}");
        };
        assert_eq!(closed.session >> 32, 2);
        assert!(count(&registry, "fmz_sfu_messages_late_total") >= 1.0);
    }

    #[tokio::test]
    async fn sfu18_a_unit_that_pauses_can_be_stopped() {
        let registry = prometheus::Registry::new();
        let (running, _to_sfu, mut events) = start(&registry);
        assert_eq!(next(&mut events).await, up(1));
        running.plant_fault();
        let down = from_sfu::Message::Down(UnitDown { epoch: 1 });
        assert_eq!(next(&mut events).await, down);
        timeout(PATIENCE, running.shutdown()).await.unwrap();
    }

    #[test]
    fn sfu18_restarts_are_bounded_with_longer_and_longer_pauses() {
        let mut restarts = Restarts::default();
        let soon = RECOVERED_AFTER - Duration::from_millis(1);
        let pauses: Vec<_> = std::iter::from_fn(|| restarts.pause(soon)).collect();
        assert_eq!(pauses.len() as u32, RESTARTS_MAX);
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2));
        let all: Duration = pauses.iter().sum();
        assert_eq!(all, Duration::from_secs(51));
        let mut restarts = Restarts::default();
        restarts.pause(soon);
        assert_eq!(restarts.pause(soon), Some(PAUSE_MIN * 2));
        assert_eq!(restarts.pause(RECOVERED_AFTER), Some(PAUSE_MIN));
    }
}
