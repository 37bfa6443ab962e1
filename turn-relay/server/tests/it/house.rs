//! A relay on loopback, and its clients and peers.

use fmz_net::{Relayed, front, handoff};
use fmz_turn::check::{Account, Client, Line};
use fmz_turn::{
    Config, Credentials, IpNet, Neighbour, PeerRule, Policy, PolicyMode, RelayConfig, RelayedIp,
    Turn,
};
use prometheus::{Registry, TextEncoder};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

pub(crate) const SECRET: &str = "a secret of the test";
/// Longest wait for anything. Everything here happens at once.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) struct House {
    pub(crate) turn: Turn,
    pub(crate) registry: Registry,
    pub(crate) config: RelayConfig,
}

/// Returns the settings of a relay whose peers are on this machine.
pub(crate) fn usual() -> RelayConfig {
    RelayConfig {
        realm: "test".to_owned(),
        secrets: vec![SECRET.to_owned()],
        relayed: vec![RelayedIp {
            bind: LOOPBACK,
            announced: LOOPBACK,
        }],
        // Above the ports that the system gives to the sockets of peers, which are on the relay's
        // own address here.
        ports: 61_000..=65_535,
        policy: Policy {
            mode: PolicyMode::Platform,
            platform: vec![PeerRule::from("127.0.0.0/8".parse::<IpNet>().unwrap())],
            ..Policy::default()
        },
        ..RelayConfig::default()
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(usual(), None)
    }

    pub(crate) fn with(config: RelayConfig, neighbour: Option<Neighbour>) -> Self {
        let registry = Registry::new();
        let started = Config {
            listen: Some((LOOPBACK, 0).into()),
            listen_streams: Vec::new(),
            front: front::Settings::default(),
            relay: config.clone(),
            neighbour,
        };
        let turn = fmz_turn::start(started, &registry).unwrap();
        Self {
            turn,
            registry,
            config,
        }
    }

    /// Starts a relay with a peer in the same process, which the test plays.
    pub(crate) fn beside(candidate: SocketAddr) -> (Self, handoff::End, Arc<Relayed>) {
        let (near, far) = handoff::pair();
        let relayed = Arc::new(Relayed::new(1));
        let neighbour = Neighbour {
            addresses: vec![candidate],
            ends: vec![near],
            relayed: Arc::clone(&relayed),
        };
        let mut config = usual();
        config.policy.platform.push(candidate.into());
        (Self::with(config, Some(neighbour)), far, relayed)
    }

    pub(crate) fn at(&self) -> SocketAddr {
        self.turn.local_addr().unwrap()
    }

    pub(crate) async fn udp(&self, user: &str) -> Client {
        let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        socket.connect(self.at()).await.unwrap();
        Client::new(Line::datagrams(socket), account(user))
    }

    pub(crate) async fn tcp(&self, user: &str) -> Client {
        let stream = TcpStream::connect(self.at()).await.unwrap();
        Client::new(Line::stream(stream), account(user))
    }

    pub(crate) fn metrics(&self) -> String {
        let families = self.registry.gather();
        TextEncoder::new().encode_to_string(&families).unwrap()
    }

    /// Returns the value of one line of the metrics.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let line = metrics.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.rsplit_once(' '));
        value.map_or(0, |(_, value)| value.parse().unwrap())
    }

    /// Waits until a line of the metrics has at least this value.
    pub(crate) async fn metric_reaches(&self, name: &str, value: u64) {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        in_time(async {
            while self.metric(name) < value {
                tick.tick().await;
            }
        })
        .await;
    }
}

pub(crate) fn account(user: &str) -> Account {
    account_by(SECRET, user)
}

pub(crate) fn account_by(secret: &str, user: &str) -> Account {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let expiry = now.unwrap() + Duration::from_secs(600);
    let Credentials { username, password } = Credentials::issue(secret, user, expiry);
    Account { username, password }
}

/// Makes a peer with a socket of its own.
pub(crate) async fn peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

pub(crate) async fn heard(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (length, from) = in_time(socket.recv_from(&mut buffer)).await.unwrap();
    buffer.truncate(length);
    (buffer, from)
}

pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("it happens in time")
}
