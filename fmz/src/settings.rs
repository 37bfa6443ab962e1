//! The settings of a server, in one table. Each field is a setting, and no other place lists them.
//!
//! A field's name is the key in fmz.toml. Beside it stand its variable, the shape of its value, its
//! default and its parser; the doc comment is its help text. clap reads flags and variables by this
//! table, `file` reads fmz.toml by it, and `reference` writes the list in docs/operate.md from it.
//! A default that is known only at the start ends the help text as `[default: ...]`. `check`
//! refuses settings that do not fit together.
//! must fit together is in `check`.

mod check;
mod file;
pub(crate) mod reference;
mod sources;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use check::Tls;
pub(crate) use sources::check_variables;
pub(crate) use values::{Listen, Secret};

use crate::logs::LogFormat;
use crate::roles::Role;
use clap::{ArgAction, Args};
use fmz_net::front;
use fmz_signaling::RoomLimits;
use fmz_turn::{PeerRule, PolicyMode, Quotas};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use values::{
    CONNECTIONS, OPS, PARTICIPANTS, SHARDS, address, auto_commit, drain, flag, ip, listen_or_off,
    log_format, network, number, origin, peer, policy, ports, positive, realm, relay_url, role,
    secret, stun_server,
};

/// Settings of a server.
#[derive(Debug, Clone, Args)]
#[group(id = "settings")]
#[command(next_help_heading = "Settings of the server")]
pub(crate) struct Settings {
    /// File of settings; ./fmz.toml is read if it exists
    #[arg(long, env = "FMZ_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// What this process runs: signaling and sfu together, turn, or all three; turn alone is a
    /// relay at the edge
    #[arg(
        long,
        env = "FMZ_ROLES",
        value_name = "ROLE,...",
        value_delimiter = ','
    )]
    #[arg(default_value = "signaling,sfu,turn", value_parser = role)]
    pub(crate) roles: Vec<Role>,

    /// Address of the page, REST and WebSocket (TCP)
    #[arg(long, env = "FMZ_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = "127.0.0.1:7880", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Address of /metrics and the relay's operators; keep it private
    #[arg(long, env = "FMZ_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = "127.0.0.1:7881", value_parser = address)]
    pub(crate) admin_listen: SocketAddr,

    /// Address of the one port for pictures, sound and marks (UDP)
    #[arg(long, env = "FMZ_MEDIA_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = "0.0.0.0:7882", value_parser = address)]
    pub(crate) media_listen: SocketAddr,

    /// Addresses by which the UDP port is reached from outside (clouds, NAT), beside the machine's
    /// own
    #[arg(
        long,
        env = "FMZ_PUBLIC_ADDRESSES",
        value_name = "IP,...",
        value_delimiter = ','
    )]
    #[arg(value_parser = ip)]
    pub(crate) public_addresses: Vec<IpAddr>,

    /// How people reach the page, such as https://review.example.com: used in links, and as the
    /// relay's host
    /// [default: the listen address]
    #[arg(long, env = "FMZ_PUBLIC_URL", value_name = "ORIGIN", value_parser = origin)]
    pub(crate) public_url: Option<String>,

    /// Folder that keeps rooms, marks and secrets
    #[arg(
        long,
        env = "FMZ_DATA_DIR",
        value_name = "FOLDER",
        default_value = "fmz-data"
    )]
    pub(crate) data_dir: PathBuf,

    /// Certificate chain (PEM) for https and wss; needs tls_key
    #[arg(long, env = "FMZ_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// Private key (PEM) of tls_certificate
    #[arg(long, env = "FMZ_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Serve https and wss with a certificate that is made and kept in the data folder
    #[arg(long, env = "FMZ_TLS_SELF_SIGNED", value_name = "BOOL", value_parser = flag)]
    #[arg(action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value = "false", default_missing_value = "true")]
    pub(crate) tls_self_signed: bool,

    /// Pages of other origins that may connect, such as https://review.example.com
    #[arg(
        long,
        env = "FMZ_ALLOWED_ORIGINS",
        value_name = "ORIGIN,...",
        value_delimiter = ','
    )]
    #[arg(value_parser = origin)]
    pub(crate) allowed_origins: Vec<String>,

    /// Proxies that begin every connection with a PROXY protocol header, version 1 or 2: addresses,
    /// or networks such as 10.0.0.0/8. From these the header is required; from elsewhere it is not
    /// read
    #[arg(long, env = "FMZ_PROXY_PROTOCOL_FROM", value_name = "NETWORK,...")]
    #[arg(value_delimiter = ',', value_parser = network)]
    pub(crate) proxy_protocol_from: Vec<IpNet>,

    /// Connections of one IPv4 address or IPv6 /64 at once, loopback excepted; raise it behind a
    /// proxy that does not speak the PROXY protocol
    #[arg(long, env = "FMZ_CONNECTIONS_PER_SOURCE", value_name = "NUMBER")]
    #[arg(default_value_t = front::Settings::default().per_source_max)]
    #[arg(value_parser = number(CONNECTIONS))]
    pub(crate) connections_per_source: usize,

    /// What is logged: error, warn, info, debug, trace, or a filter such as info,fmz_sfu=debug
    /// [default: info; demo: warn]
    #[arg(long, env = "FMZ_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,

    /// Shape of the log: text or json
    #[arg(long, env = "FMZ_LOG_FORMAT", value_name = "FORMAT")]
    #[arg(default_value = "text", value_parser = log_format)]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    pub(crate) room: RoomSettings,

    #[command(flatten)]
    pub(crate) turn: RelaySettings,
}

/// Bounds of each room.
#[derive(Debug, Clone, Args)]
#[group(id = "room_settings")]
#[command(next_help_heading = "Settings of rooms")]
pub(crate) struct RoomSettings {
    /// Participants in one room at once, 1 to 10000
    #[arg(long, env = "FMZ_PARTICIPANTS_MAX", value_name = "NUMBER")]
    #[arg(default_value_t = RoomLimits::default().participants_max)]
    #[arg(value_parser = number(PARTICIPANTS))]
    pub(crate) participants_max: usize,

    /// Changes (ops) that one participant may make in a second, on average; more wait for their
    /// turn. A pen makes 60 a second. 1 to 1000000
    #[arg(long, env = "FMZ_OPS_PER_S", value_name = "NUMBER")]
    #[arg(default_value_t = RoomLimits::default().ops_per_s, value_parser = number(OPS))]
    pub(crate) ops_per_s: u32,

    /// Changes that one participant may make at once. 1 to 1000000
    #[arg(long, env = "FMZ_OPS_BURST", value_name = "NUMBER")]
    #[arg(default_value_t = RoomLimits::default().ops_burst, value_parser = number(OPS))]
    pub(crate) ops_burst: u32,

    /// Changes that all in one room may make in a second, on average; more wait for their turn.
    /// This is what one room may take of a core. 1 to 1000000
    #[arg(long, env = "FMZ_ROOM_OPS_PER_S", value_name = "NUMBER")]
    #[arg(default_value_t = RoomLimits::default().room_ops_per_s, value_parser = number(OPS))]
    pub(crate) room_ops_per_s: u32,

    /// Changes that all in one room may make at once. 1 to 1000000
    #[arg(long, env = "FMZ_ROOM_OPS_BURST", value_name = "NUMBER")]
    #[arg(default_value_t = RoomLimits::default().room_ops_burst, value_parser = number(OPS))]
    pub(crate) room_ops_burst: u32,

    /// Time without changes after which a room keeps a version by itself, 5s to 1d, or off
    #[arg(long, env = "FMZ_AUTO_COMMIT", value_name = "TIME")]
    #[arg(default_value = "2m", value_parser = auto_commit)]
    pub(crate) auto_commit: Duration,
}

/// Settings of the relay (TURN).
#[derive(Debug, Clone, Args)]
#[group(id = "relay_settings")]
#[command(next_help_heading = "Settings of the relay")]
pub(crate) struct RelaySettings {
    /// Address of the relay (UDP and TCP), or off [default: 0.0.0.0:3478 if it is free]
    #[arg(long, env = "FMZ_TURN_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(value_parser = listen_or_off)]
    pub(crate) turn_listen: Option<Listen>,

    /// Further address of the relay (TCP), such as 0.0.0.0:443. With a certificate, TLS is served
    /// there and on turn_listen beside plain TCP; the page's port serves both too
    #[arg(long, env = "FMZ_TURN_TLS_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) turn_tls_listen: Option<SocketAddr>,

    /// UDP ports of relayed addresses, from 1024 on; every client takes one
    #[arg(long, env = "FMZ_TURN_RELAY_PORTS", value_name = "FIRST-LAST")]
    #[arg(default_value = "49152-65535", value_parser = ports)]
    pub(crate) turn_relay_ports: RangeInclusive<u16>,

    /// Addresses by which peers reach the relay, one of IPv4 and one of IPv6 at most
    /// [default: public_addresses, else the machine's own]
    #[arg(
        long,
        env = "FMZ_TURN_RELAY_ADDRESSES",
        value_name = "IP,...",
        value_delimiter = ','
    )]
    #[arg(value_parser = ip)]
    pub(crate) turn_relay_addresses: Vec<IpAddr>,

    /// A STUN server that says by which address this machine is seen, such as
    /// stun:stun.example.com:3478. It must answer when the server starts
    #[arg(long, env = "FMZ_TURN_EXTERNAL", value_name = "URL", value_parser = stun_server)]
    pub(crate) turn_external: Option<String>,

    /// Realm of the credentials
    #[arg(long, env = "FMZ_TURN_REALM", value_name = "NAME")]
    #[arg(default_value = "fmz", value_parser = realm)]
    pub(crate) turn_realm: String,

    /// Secrets of the credentials, up to four of 16 characters or more: the first makes them, all
    /// are taken
    /// [default: one made and kept in the data folder]
    #[arg(
        long,
        env = "FMZ_TURN_SECRETS",
        value_name = "SECRET,...",
        value_delimiter = ','
    )]
    #[arg(hide_env_values = true, value_parser = secret)]
    pub(crate) turn_secrets: Vec<Secret>,

    /// Peers that clients may reach: platform or list for this server's pictures, each other and
    /// turn_peers; public for every public address besides that is not this machine's
    #[arg(long, env = "FMZ_TURN_POLICY", value_name = "POLICY")]
    #[arg(default_value = "platform", value_parser = policy)]
    pub(crate) turn_policy: PolicyMode,

    /// Further peers that clients may reach, even if they are private, such as 203.0.113.7:7882,
    /// 203.0.113.7 or 10.0.0.0/8
    #[arg(
        long,
        env = "FMZ_TURN_PEERS",
        value_name = "PEER,...",
        value_delimiter = ','
    )]
    #[arg(value_parser = peer)]
    pub(crate) turn_peers: Vec<PeerRule>,

    /// Relays at the edge that sessions are told of before this server's own, such as
    /// turn:edge.example.com:3478; four at most. They share turn_secrets
    #[arg(
        long,
        env = "FMZ_TURN_EDGES",
        value_name = "URL,...",
        value_delimiter = ','
    )]
    #[arg(value_parser = relay_url)]
    pub(crate) turn_edges: Vec<String>,

    /// Relay that new clients are sent to instead, as while this one is taken out of service
    #[arg(long, env = "FMZ_TURN_ALTERNATE", value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) turn_alternate: Option<SocketAddr>,

    /// Threads of the relay, 1 to 64 [default: 1; with the role turn alone: one a core]
    #[arg(long, env = "FMZ_TURN_SHARDS", value_name = "NUMBER", value_parser = number(SHARDS))]
    pub(crate) turn_shards: Option<u16>,

    // A browser asks for one allocation by each URL from each of its addresses; Firefox asks for
    // two. The page asks for as many again while it tests the relay.
    /// Allocations of one participant at once
    #[arg(long, env = "FMZ_TURN_USER_ALLOCATIONS", value_name = "NUMBER")]
    #[arg(default_value_t = 16, value_parser = positive::<u32>)]
    pub(crate) turn_user_allocations: u32,

    /// Bits of one participant a second, both ways together; more are dropped
    #[arg(long, env = "FMZ_TURN_USER_BPS", value_name = "NUMBER")]
    #[arg(default_value_t = Quotas::default().user_bps, value_parser = positive::<u64>)]
    pub(crate) turn_user_bps: u64,

    /// Packets of one participant a second, both ways together; more are dropped
    #[arg(long, env = "FMZ_TURN_USER_PPS", value_name = "NUMBER")]
    #[arg(default_value_t = Quotas::default().user_pps, value_parser = positive::<u64>)]
    pub(crate) turn_user_pps: u64,

    /// Allocations of all participants at once, in each thread
    #[arg(long, env = "FMZ_TURN_ALLOCATIONS_MAX", value_name = "NUMBER")]
    #[arg(default_value_t = Quotas::default().allocations, value_parser = positive::<u32>)]
    pub(crate) turn_allocations_max: u32,

    /// Bits of all participants a second, in each thread
    #[arg(long, env = "FMZ_TURN_TOTAL_BPS", value_name = "NUMBER")]
    #[arg(default_value_t = Quotas::default().total_bps, value_parser = positive::<u64>)]
    pub(crate) turn_total_bps: u64,

    /// With the role turn alone: how long clients may go on after SIGTERM, up to 48h
    #[arg(long, env = "FMZ_TURN_DRAIN", value_name = "TIME")]
    #[arg(default_value = "10m", value_parser = drain)]
    pub(crate) turn_drain: Duration,
}

impl Settings {
    /// Returns whether this process runs rooms and the forwarding unit.
    pub(crate) fn runs_rooms(&self) -> bool {
        self.roles.contains(&Role::Signaling)
    }

    /// Returns whether this process runs a relay.
    pub(crate) fn runs_relay(&self) -> bool {
        self.roles.contains(&Role::Turn)
    }

    /// Returns whether connections to the page are secured.
    pub(crate) fn is_secured(&self) -> bool {
        self.tls_self_signed || self.tls_certificate.is_some()
    }

    /// Returns whether this process is a relay and nothing else.
    pub(crate) fn is_edge(&self) -> bool {
        self.runs_relay() && !self.runs_rooms()
    }
}
