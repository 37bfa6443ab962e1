//! What a server must be told. Nothing here is read from the environment.

use fmz_net::front;
use fmz_signaling_core::RoomLimits;
use ipnet::IpNet;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// How connections are secured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for loopback, or behind a proxy that does it.
    #[default]
    Off,
    /// By a certificate of the server's own, kept in the data folder. Browsers warn about it.
    SelfSigned {
        /// Names and addresses by which the server is reached.
        names: Vec<String>,
    },
    /// By given files in PEM.
    Files {
        /// The certificate, and those between it and its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses for participants; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Address for operators only: metrics and health.
    pub admin: Option<SocketAddr>,
    /// Where the secret of the tokens and the server's own certificate are kept.
    pub data: PathBuf,
    /// How connections are secured.
    pub tls: Tls,
    /// Where proxies stand that say by the PROXY protocol whose connections they pass on.
    pub proxies: Vec<IpNet>,
    /// Connections of one IPv4 address or IPv6 /64 at once, loopback excepted.
    pub connections_per_source: usize,
    /// Origins of pages that may connect besides the server's own, like `https://review.example`.
    pub allowed_origins: Vec<String>,
    /// How people reach the server, like `https://review.example`; what the request says where absent.
    pub public_url: Option<String>,
    /// Sessions of all rooms at once.
    pub sessions_max: usize,
    /// How long a room without people is kept open: reading it from its log again costs its next guest a wait.
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
            tls: Tls::Off,
            proxies: Vec::new(),
            connections_per_source: front::Settings::default().per_source_max,
            allowed_origins: Vec::new(),
            public_url: None,
            sessions_max: 10_000,
            room_idle: Duration::from_secs(60),
            room: RoomLimits::default(),
        }
    }
}
