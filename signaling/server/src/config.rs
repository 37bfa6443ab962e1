//! Settings of a server. Nothing here is read from the environment.

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
    /// Addresses of proxies that name the client of a connection by the PROXY protocol.
    pub proxies: Vec<IpNet>,
    /// Connections of one IPv4 address or IPv6 /64 at once, loopback excepted.
    pub connections_per_source: usize,
    /// Origins of pages that may connect besides the server's own, like `https://review.example`.
    pub allowed_origins: Vec<String>,
    /// Address at which people reach the server, like `https://review.example`; if absent, the one
    /// that the request names.
    pub public_url: Option<String>,
    /// Names the relays of each session; if absent, a session gets none.
    pub ice_servers: Option<Arc<dyn IceServers>>,
    /// Sessions of all rooms at once.
    pub sessions_max: usize,
    /// How long a room without people stays open. A room that is read from its log again makes its
    /// next guest wait.
    pub room_idle: Duration,
    /// Bounds of each room.
    pub room: RoomLimits,
}

impl Config {
    /// Returns the usual settings: plain HTTP on a free port of the loopback address, and no
    /// listener for operators.
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
