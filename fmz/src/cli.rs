//! The commands, and how they are read from flags, environment and fmz.toml.

use crate::exit::Failure;
use crate::logs::DEFAULT_LOG;
use crate::settings::{Settings, check_variables};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use fmz_client::RelayTransport;
use fmz_proto::{is_film_id, limits::REEL_BYTES_MAX};
use std::path::PathBuf;

/// Review room for film, TV and advertising: a live 4K picture for everyone in the room, drawn on
/// by everyone at once.
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
        demo: Demo,
        #[command(flatten)]
        settings: Settings,
    },
    /// Send a VP8 file (IVF) into a room, in real time, in a loop, until ctrl-c.
    Publish(Publish),
    /// Look after relays.
    #[command(subcommand)]
    Turn(TurnCommand),
    /// Make a token that lets somebody into a room.
    Token {
        #[command(flatten)]
        token: Token,
        #[command(flatten)]
        settings: Settings,
    },
    /// Print what there is to set, for the documentation.
    #[command(hide = true)]
    Settings(Reference),
}

/// Reads the command line, the environment and, for a command that has settings, fmz.toml.
pub(crate) fn read() -> Result<Command, Failure> {
    let mut parser = Cli::command();
    let matches = parser.try_get_matches_from_mut(std::env::args_os())?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    if let Some(settings) = cli.command.settings() {
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        check_variables(variables, &parser)?;
        let (_, given) = matches
            .subcommand()
            .expect("settings belong to a subcommand");
        settings.complete(given)?;
    }
    Ok(cli.command)
}

/// Reads the settings of a server that runs again: only fmz.toml may have changed.
pub(crate) fn read_settings() -> Result<Settings, Failure> {
    let mut command = read()?;
    let settings = command.settings().expect("a server has settings");
    Ok(settings.clone())
}

impl Command {
    fn settings(&mut self) -> Option<&mut Settings> {
        match self {
            Self::Serve { settings }
            | Self::Demo { settings, .. }
            | Self::Token { settings, .. } => Some(settings),
            Self::Publish(_) | Self::Turn(_) | Self::Settings(_) => None,
        }
    }
}

#[derive(Debug, Args)]
#[group(id = "settings_reference")]
pub(crate) struct Reference {
    /// The reference in docs/operate.md, instead of names only.
    #[arg(long)]
    pub(crate) markdown: bool,
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
    /// VP8 in IVF; `ffmpeg -i film.mov -c:v libvpx -b:v 25M -g 24 -auto-alt-ref 0 film.ivf` makes
    /// one.
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
    #[arg(long, env = "FMZ_LOG", value_name = "FILTER", default_value = DEFAULT_LOG)]
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
