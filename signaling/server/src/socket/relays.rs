//! Sends a session its relays, and again before their credentials end.

use crate::{
    relay::{IceServers, RelayAsker},
    state::State,
};
use bytes::Bytes;
use fmz_proto::{
    encode_server,
    v1::{self, server_message},
};
use fmz_signaling_core::Join;
use std::{future::pending, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// Time between two sends at least, however short the credentials hold.
const INTERVAL_MIN: Duration = Duration::from_secs(10);

/// The relays of one session.
pub(super) struct Relays {
    source: Option<Arc<dyn IceServers>>,
    asker: RelayAsker,
    expires: Instant,
    welcomed: bool,
    due: Option<Instant>,
}

impl Relays {
    /// Makes the relays of a session. Without a transport it has no use for relays, and gets none.
    pub(super) fn new(state: &State, room: &str, join: &Join, reached: Option<String>) -> Self {
        Self {
            source: state.config.ice_servers.clone().filter(|_| join.transport),
            asker: RelayAsker {
                room: room.to_owned(),
                participant: join.session.0,
                reached,
                time_left: Duration::ZERO,
            },
            expires: join.expires.into(),
            welcomed: false,
            due: None,
        }
    }

    /// Returns the frame to write behind a frame of the room. The first frame of the room is the
    /// welcome, and no offer comes before the second.
    pub(super) fn behind_welcome(&mut self) -> Option<Bytes> {
        if std::mem::replace(&mut self.welcomed, true) {
            return None;
        }
        self.next(Instant::now())
    }

    /// Waits until the relays have to be sent again.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }

    /// Returns the frame with the relays as they are at `now`, if there are any.
    pub(super) fn next(&mut self, now: Instant) -> Option<Bytes> {
        self.asker.time_left = self.expires.saturating_duration_since(now);
        self.due = None;
        let set = self.source.as_ref()?.servers(&self.asker)?;
        self.due = Some(now + (set.lifetime / 2).max(INTERVAL_MIN));
        let lifetime_s = u32::try_from(set.lifetime.as_secs()).unwrap_or(u32::MAX);
        let message = v1::IceServers {
            servers: set.servers,
            lifetime_s,
        };
        Some(encode_server(server_message::Message::IceServers(message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::RelaySet;

    struct Lasting(Duration);

    impl IceServers for Lasting {
        fn servers(&self, _: &RelayAsker) -> Option<RelaySet> {
            Some(RelaySet {
                servers: Vec::new(),
                lifetime: self.0,
            })
        }
    }

    fn relays(lifetime: Duration) -> Relays {
        Relays {
            source: Some(Arc::new(Lasting(lifetime))),
            asker: RelayAsker {
                room: "demo".into(),
                participant: 1,
                reached: None,
                time_left: Duration::ZERO,
            },
            expires: Instant::now(),
            welcomed: false,
            due: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ice2_relays_are_told_again_at_half_of_their_time() {
        for (lifetime, after) in [(3600, 1800), (0, 10)] {
            let mut relays = relays(Duration::from_secs(lifetime));
            let begun = Instant::now();
            assert!(relays.behind_welcome().is_some());
            assert!(relays.behind_welcome().is_none(), "told twice");
            relays.due().await;
            assert_eq!(begun.elapsed().as_secs(), after);
            assert!(relays.next(Instant::now()).is_some());
            assert!(relays.due > Some(Instant::now()));
        }
    }
}
