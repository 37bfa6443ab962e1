//! The relay as sessions are told of it.

use fmz_proto::v1::IceServer;
use fmz_signaling::relay::{IceServers, RelayAsker, RelaySet, host_and_port, relay_urls};
use fmz_turn::Credentials;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Life of credentials: a working day's session renews them twice.
const LIFETIME_MAX: Duration = Duration::from_secs(6 * 3600);

/// Port of secured pages where their address names none.
const HTTPS: u16 = 443;

/// What credentials are made with; a reload puts another one in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secret(Arc<RwLock<String>>);

impl Secret {
    pub(crate) fn set(&self, secret: &str) {
        secret.clone_into(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Names this process's own relay.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) secret: Secret,
    /// Host under which people reach the server, where the settings name one.
    pub(crate) host: Option<String>,
    /// Port for UDP and TCP, where the relay has its own.
    pub(crate) plain: Option<u16>,
    /// The page's port, where it is secured.
    pub(crate) secure: Option<u16>,
}

/// The same for a server that is made before its relay: it names none until there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Later(Arc<OnceLock<Own>>);

impl Later {
    pub(crate) fn set(&self, own: Own) {
        let _ = self.0.set(own);
    }
}

impl IceServers for Later {
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet> {
        self.0.get()?.servers(asker)
    }
}

impl IceServers for Own {
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet> {
        let reached = asker.reached.as_deref().map(host_and_port);
        let host = self.host.as_deref().or(reached.map(|(host, _)| host))?;
        // A port before a translator or proxy is the one that people see; a page that names none is at the usual one.
        let seen = reached.map(|(_, port)| port.unwrap_or(HTTPS));
        let secure = self.secure.map(|own| seen.unwrap_or(own));
        let urls = relay_urls(host, self.plain, secure);
        let lifetime = asker.time_left.min(LIFETIME_MAX);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let user = format!("{}/{}", asker.room, asker.participant);
        let credentials = Credentials::issue(&self.secret.get(), &user, now + lifetime);
        let server = IceServer {
            urls,
            username: credentials.username,
            credential: credentials.password,
        };
        (!server.urls.is_empty()).then(|| RelaySet {
            servers: vec![server],
            lifetime,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_where_it_reached_the_server_and_as_whom() {
        let secret = Secret::default();
        secret.set("a secret of the test");
        let own = Own {
            secret,
            host: None,
            plain: Some(3478),
            secure: Some(7880),
        };
        let asker = RelayAsker {
            room: "dailies".to_owned(),
            participant: 7,
            reached: Some("review.example".to_owned()),
            time_left: Duration::from_secs(60),
        };
        let set = own.servers(&asker).unwrap();
        assert_eq!(set.lifetime, asker.time_left);
        assert_eq!(
            set.servers[0].urls[2],
            "turns:review.example:443?transport=tcp"
        );
        assert!(set.servers[0].username.ends_with(":dailies/7"));
        let nowhere = RelayAsker {
            reached: None,
            ..asker
        };
        assert_eq!(own.servers(&nowhere), None);
    }
}
