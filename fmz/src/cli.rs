//! What may be typed.

use crate::{room, turn};
use clap::{Args, Parser, Subcommand};
use fmz_client::RelayTransport;
use fmz_proto::{is_film_id, limits::REEL_BYTES_MAX};
use std::path::PathBuf;

/// Review room for film, TV and advertising: a live 4K picture for everyone in the room, drawn on by everyone at once.
#[derive(Debug, Parser)]
#[command(
    name = "fmz",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        fmz demo                                    a room with a live 4K stream, on this machine\n  \
        fmz serve --listen 0.0.0.0:7880 --tls-self-signed\n  \
        fmz token --operator                        a token that may create rooms\n  \
        fmz token --room dailies --grants view,annotate --name Ada\n\n\
        Settings come from fmz.toml, then the environment (FMZ_LISTEN, ...), then flags; the later wins.\n\
        `fmz serve --help` lists them."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server: rooms, forwarding unit and embedded store in one process.
    Serve {
        #[command(flatten)]
        settings: Settings,
    },
    /// Run a server with a room `demo` and a live 4K stream in it.
    Demo {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        demo: Demo,
    },
    /// Send a VP8 file (IVF) into a room, in real time, in a loop, until ctrl-c.
    Publish(Publish),
    /// Look after relays.
    #[command(subcommand)]
    Turn(TurnCommand),
    /// Make a token that lets somebody into a room.
    Token {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        token: Token,
    },
}

/// Settings as typed; every one is also a key of fmz.toml, with `_` for `-`.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "server_settings")]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// File of settings; ./fmz.toml is read where it exists.
    #[arg(long, env = "FMZ_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What this process is: signaling and sfu together, turn, or all; turn alone is a relay at the edge [default: signaling,sfu,turn].
    #[arg(
        long,
        env = "FMZ_ROLES",
        value_name = "ROLE,...",
        value_delimiter = ','
    )]
    pub(crate) roles: Option<Vec<String>>,
    /// Address of the page, REST and WebSocket [default: 127.0.0.1:7880].
    #[arg(long, env = "FMZ_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Address of /metrics; keep it private [default: 127.0.0.1:7881].
    #[arg(long, env = "FMZ_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) admin_listen: Option<String>,
    /// Address of the one UDP port for pictures, sound and marks [default: 0.0.0.0:7882].
    #[arg(long, env = "FMZ_MEDIA_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) media_listen: Option<String>,
    /// Addresses under which the UDP port is reached from outside (clouds, NAT), beside the machine's own.
    #[arg(
        long,
        env = "FMZ_PUBLIC_ADDRESSES",
        value_name = "IP,...",
        value_delimiter = ','
    )]
    pub(crate) public_addresses: Option<Vec<String>>,
    /// How people reach the page, such as https://review.example.com: used in links [default: the listen address].
    #[arg(long, env = "FMZ_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Folder that keeps rooms, marks and secrets [default: fmz-data].
    #[arg(long, env = "FMZ_DATA_DIR", value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Certificate chain (PEM) for https and wss; needs --tls-key.
    #[arg(long, env = "FMZ_TLS_CERTIFICATE", value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, env = "FMZ_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve https and wss with a certificate made and kept in the data folder.
    #[arg(long, env = "FMZ_TLS_SELF_SIGNED", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) tls_self_signed: Option<bool>,
    /// Pages of other origins that may connect, such as https://review.example.com.
    #[arg(
        long,
        env = "FMZ_ALLOWED_ORIGINS",
        value_name = "ORIGIN,...",
        value_delimiter = ','
    )]
    pub(crate) allowed_origins: Option<Vec<String>>,
    /// Proxies that begin every connection with a PROXY protocol header: addresses or networks, such as 10.0.0.0/8.
    #[arg(
        long,
        env = "FMZ_PROXY_PROTOCOL_FROM",
        value_name = "NETWORK,...",
        value_delimiter = ','
    )]
    pub(crate) proxy_protocol_from: Option<Vec<String>>,
    /// Connections of one IPv4 address or IPv6 /64 at once [default: 2048].
    #[arg(long, env = "FMZ_CONNECTIONS_PER_SOURCE", value_name = "COUNT")]
    pub(crate) connections_per_source: Option<usize>,
    #[command(flatten)]
    pub(crate) room: room::Settings,
    #[command(flatten)]
    pub(crate) turn: turn::Settings,
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,fmz_sfu=debug [default: info; demo: warn].
    #[arg(long, env = "FMZ_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Shape of the log: text or json [default: text].
    #[arg(long, env = "FMZ_LOG_FORMAT", value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

#[derive(Debug, Args)]
#[group(id = "demo_stream")]
pub(crate) struct Demo {
    /// Picture size of the demo stream.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "3840x2160")]
    pub(crate) size: String,
    /// Length of the demo clip in frames, 24 a second; it is looped.
    #[arg(long, value_name = "FRAMES", default_value_t = 240, value_parser = clap::value_parser!(u32).range(24..=14_400))]
    pub(crate) frames: u32,
    /// Bit rate of the demo stream, kbit/s.
    #[arg(long, value_name = "KBPS", default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(200..=100_000))]
    pub(crate) bitrate: u32,
    /// A VP8 file (IVF) of your own instead of the demo clip.
    #[arg(long, value_name = "FILE")]
    pub(crate) clip: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(id = "publish_file")]
pub(crate) struct Publish {
    /// VP8 in IVF; `ffmpeg -i film.mov -c:v libvpx -b:v 25M -g 24 -auto-alt-ref 0 film.ivf` makes one.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// WebSocket of the server.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:7880/ws")]
    pub(crate) url: String,
    /// Token with the grant `publish`.
    #[arg(long, env = "FMZ_TOKEN", hide_env_values = true, value_name = "JWT")]
    pub(crate) token: String,
    /// Id of the film, on which marks hang: 1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`; the first a
    /// letter or a digit, and not `m-` [default: a hash of the file's content].
    #[arg(long, value_name = "ID", value_parser = media_id)]
    pub(crate) media: Option<String>,
    /// Name of the film's reel, kept with the media.
    #[arg(long, value_name = "NAME", default_value = "", value_parser = reel)]
    pub(crate) reel: String,
    /// Name shown in the room.
    #[arg(long, value_name = "NAME", default_value = "Stream")]
    pub(crate) name: String,
    /// Send through a relay only, never directly.
    #[arg(long)]
    pub(crate) relay_only: bool,
    /// Ways to a relay that may be tried: udp, tcp, tls.
    #[arg(
        long,
        value_name = "WAY,...",
        value_delimiter = ',',
        default_value = "udp,tcp,tls"
    )]
    pub(crate) relay_transports: Vec<RelayTransport>,
    /// Certificate (PEM) to trust for wss and relays over TLS, instead of the system's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// What is logged.
    #[arg(long, env = "FMZ_LOG", value_name = "FILTER", default_value = crate::config::DEFAULT_LOG)]
    pub(crate) log: String,
}

fn media_id(id: &str) -> Result<String, &'static str> {
    let why = "an id is 1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'; the first is a letter or a digit, and it does not begin with \"m-\"";
    is_film_id(id).then(|| id.to_owned()).ok_or(why)
}

fn reel(name: &str) -> Result<String, String> {
    let fits = name.len() <= REEL_BYTES_MAX;
    let why = || format!("a reel's name has at most {REEL_BYTES_MAX} bytes");
    fits.then(|| name.to_owned()).ok_or_else(why)
}

#[derive(Debug, Subcommand)]
pub(crate) enum TurnCommand {
    /// Try a relay over UDP, TCP and TLS, and say what does not work, what it means and what to do.
    Check(Check),
}

#[derive(Debug, Args)]
#[group(id = "relay_check")]
pub(crate) struct Check {
    /// Relays, such as turn:HOST:3478 (UDP and TCP) and turns:HOST:443.
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    /// The relay's secret (turn_secrets, or the file turn-secret in the data folder).
    #[arg(
        long,
        env = "FMZ_TURN_SECRETS",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub(crate) secret: Option<String>,
    /// User name of credentials, as a server hands them out.
    #[arg(long, value_name = "NAME", requires = "password")]
    pub(crate) username: Option<String>,
    /// Their password.
    #[arg(long, value_name = "PASSWORD", requires = "username")]
    pub(crate) password: Option<String>,
    /// Peers that the relay must reach, such as the forwarding unit's HOST:7882.
    #[arg(long = "peer", value_name = "ADDRESS:PORT")]
    pub(crate) peers: Vec<std::net::SocketAddr>,
    /// Certificate (PEM) to trust for turns, instead of the system's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(id = "token_request")]
pub(crate) struct Token {
    /// Room to enter; it need not exist yet.
    #[arg(long, value_name = "ROOM", required_unless_present = "operator")]
    pub(crate) room: Option<String>,
    /// What its bearer may do: view, annotate, publish, present, own.
    #[arg(
        long,
        value_name = "GRANT,...",
        value_delimiter = ',',
        default_value = "view,annotate"
    )]
    pub(crate) grants: Vec<String>,
    /// Name shown in the room; without it the person types one.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How long it lets people in, such as 30m, 12h, 7d.
    #[arg(long, value_name = "TIME", default_value = "12h")]
    pub(crate) ttl: String,
    /// A token for programs that create rooms and make tokens, valid for every room.
    #[arg(long, conflicts_with_all = ["room", "grants", "name"])]
    pub(crate) operator: bool,
}
