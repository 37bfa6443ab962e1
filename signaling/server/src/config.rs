//! What a server must be told. Nothing here is read from the environment.

use crate::relay::IceServers;
use fmz_net::front;
use fmz_signaling_core::RoomLimits;
use ipnet::IpNet;
use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Settings of a server.
#[derive(Clone)]
pub struct Config {
    /// Addresses for participants; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Address for operators only: metrics and health.
    pub admin: Option<SocketAddr>,
    /// Folder that keeps the secret of the tokens.
    pub data: PathBuf,
    /// Secures connections; `None` for loopback, or behind a proxy that secures them.
    pub tls: Option<front::Tls>,
    /// Where proxies stand that say by the PROXY protocol whose connections they pass on.
    pub proxies: Vec<IpNet>,
    /// Connections of one IPv4 address or IPv6 /64 at once, loopback excepted.
    pub connections_per_source: usize,
    /// Origins of pages that may connect besides the server's own, like `https://review.example`.
    pub allowed_origins: Vec<String>,
    /// How people reach the server, like `https://review.example`; what the request
    /// says where absent.
    pub public_url: Option<String>,
    /// Names the relays that sessions are told of; they are told of none where absent.
    pub ice_servers: Option<Arc<dyn IceServers>>,
    /// Sessions of all rooms at once.
    pub sessions_max: usize,
    /// How long a room without people is kept open: reading it from its log again
    /// costs its next guest a wait.
    pub room_idle: Duration,
    /// Bounds of each room.
    pub room: RoomLimits,
}

impl Config {
    /// The usual settings: plain HTTP on a free port of the loopback address, no admin listener.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            admin: None,
            data: data.into(),
            tls: None,
            proxies: Vec::new(),
            connections_per_source: front::Settings::default().per_source_max,
            allowed_origins: Vec::new(),
            public_url: None,
            ice_servers: None,
            sessions_max: 10_000,
            room_idle: Duration::from_secs(60),
            room: RoomLimits::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("admin", &self.admin)
            .field("data", &self.data)
            .field("tls", &self.tls.is_some())
            .field("ice_servers", &self.ice_servers.is_some())
            .finish_non_exhaustive()
    }
}
