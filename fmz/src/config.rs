//! From what was typed to what is used, in one fallible step: fmz.toml, then the environment, then flags.

use crate::cli::Settings;
use crate::exit::Failure;
use crate::roles::Roles;
use crate::{room, turn};
use fmz_signaling::RoomLimits;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Settings after all sources were joined and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) roles: Roles,
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) media_listen: SocketAddr,
    pub(crate) public_addresses: Vec<IpAddr>,
    pub(crate) public_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) tls: Tls,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) proxies: Vec<IpNet>,
    pub(crate) connections_per_source: Option<usize>,
    /// Bounds of each room.
    pub(crate) room: RoomLimits,
    pub(crate) turn: turn::Config,
    /// Filter of the log, where one was given.
    pub(crate) log: Option<String>,
    pub(crate) log_format: LogFormat,
}

/// How the page and the WebSocket are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    Off,
    SelfSigned,
    Given { certificate: PathBuf, key: PathBuf },
}

/// Shape of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// fmz.toml as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    roles: Option<Vec<String>>,
    listen: Option<String>,
    admin_listen: Option<String>,
    media_listen: Option<String>,
    public_addresses: Option<Vec<String>>,
    public_url: Option<String>,
    data_dir: Option<PathBuf>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    tls_self_signed: Option<bool>,
    allowed_origins: Option<Vec<String>>,
    proxy_protocol_from: Option<Vec<String>>,
    connections_per_source: Option<usize>,
    participants_max: Option<u32>,
    ops_per_s: Option<u32>,
    ops_burst: Option<u32>,
    room_ops_per_s: Option<u32>,
    room_ops_burst: Option<u32>,
    auto_commit: Option<String>,
    turn_listen: Option<String>,
    turn_tls_listen: Option<String>,
    turn_relay_ports: Option<String>,
    turn_relay_addresses: Option<Vec<String>>,
    turn_external: Option<String>,
    turn_realm: Option<String>,
    turn_secrets: Option<Vec<String>>,
    turn_policy: Option<String>,
    turn_peers: Option<Vec<String>>,
    turn_alternate: Option<String>,
    turn_shards: Option<u16>,
    turn_user_allocations: Option<u32>,
    turn_user_bps: Option<u64>,
    turn_user_pps: Option<u64>,
    turn_allocations_max: Option<u32>,
    turn_total_bps: Option<u64>,
    turn_drain: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
}

/// A server has no more connections than this at all.
const CONNECTIONS_MAX: usize = 32_768;
const FILE: &str = "fmz.toml";
/// The WebRTC library of the native client speaks of itself at every step; the STUN library warns of each datagram that is none.
pub(crate) const DEFAULT_LOG: &str =
    "info,rtc=warn,webrtc=warn,rtc_ice=error,rtc_dtls=error,stun_types=off";
/// Every variable that is read; another one that begins with FMZ_ is a slip of the pen.
const VARIABLES: [&str; 40] = [
    "FMZ_ADMIN_LISTEN",
    "FMZ_ALLOWED_ORIGINS",
    "FMZ_AUTO_COMMIT",
    "FMZ_CONFIG",
    "FMZ_CONNECTIONS_PER_SOURCE",
    "FMZ_DATA_DIR",
    "FMZ_LISTEN",
    "FMZ_LOG",
    "FMZ_LOG_FORMAT",
    "FMZ_MEDIA_LISTEN",
    "FMZ_OPS_BURST",
    "FMZ_OPS_PER_S",
    "FMZ_PARTICIPANTS_MAX",
    "FMZ_PROXY_PROTOCOL_FROM",
    "FMZ_PUBLIC_ADDRESSES",
    "FMZ_PUBLIC_URL",
    "FMZ_ROLES",
    "FMZ_ROOM_OPS_BURST",
    "FMZ_ROOM_OPS_PER_S",
    "FMZ_TLS_CERTIFICATE",
    "FMZ_TLS_KEY",
    "FMZ_TLS_SELF_SIGNED",
    "FMZ_TOKEN",
    "FMZ_TURN_ALLOCATIONS_MAX",
    "FMZ_TURN_ALTERNATE",
    "FMZ_TURN_DRAIN",
    "FMZ_TURN_EXTERNAL",
    "FMZ_TURN_LISTEN",
    "FMZ_TURN_PEERS",
    "FMZ_TURN_POLICY",
    "FMZ_TURN_REALM",
    "FMZ_TURN_RELAY_ADDRESSES",
    "FMZ_TURN_RELAY_PORTS",
    "FMZ_TURN_SECRETS",
    "FMZ_TURN_SHARDS",
    "FMZ_TURN_TLS_LISTEN",
    "FMZ_TURN_TOTAL_BPS",
    "FMZ_TURN_USER_ALLOCATIONS",
    "FMZ_TURN_USER_BPS",
    "FMZ_TURN_USER_PPS",
];

impl File {
    fn room(&self) -> room::Settings {
        room::Settings {
            participants_max: self.participants_max,
            ops_per_s: self.ops_per_s,
            ops_burst: self.ops_burst,
            room_ops_per_s: self.room_ops_per_s,
            room_ops_burst: self.room_ops_burst,
            auto_commit: self.auto_commit.clone(),
        }
    }

    fn turn(&self) -> turn::Settings {
        turn::Settings {
            turn_listen: self.turn_listen.clone(),
            turn_tls_listen: self.turn_tls_listen.clone(),
            turn_relay_ports: self.turn_relay_ports.clone(),
            turn_relay_addresses: self.turn_relay_addresses.clone(),
            turn_external: self.turn_external.clone(),
            turn_realm: self.turn_realm.clone(),
            turn_secrets: self.turn_secrets.clone(),
            turn_policy: self.turn_policy.clone(),
            turn_peers: self.turn_peers.clone(),
            turn_alternate: self.turn_alternate.clone(),
            turn_shards: self.turn_shards,
            turn_user_allocations: self.turn_user_allocations,
            turn_user_bps: self.turn_user_bps,
            turn_user_pps: self.turn_user_pps,
            turn_allocations_max: self.turn_allocations_max,
            turn_total_bps: self.turn_total_bps,
            turn_drain: self.turn_drain.clone(),
        }
    }
}

/// Joins all sources and checks every value.
pub(crate) fn resolve(settings: &Settings) -> Result<Config, Failure> {
    check_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    join(settings, read_file(settings.config.as_deref())?)
}

fn check_variables(names: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut ours = names.filter(|name| name.starts_with("FMZ_"));
    match ours.find(|name| !VARIABLES.contains(&name.as_str())) {
        Some(name) => Err(Failure::setting(
            &name,
            format!(
                "no such setting; the environment may hold {}",
                VARIABLES.join(", ")
            ),
        )),
        None => Ok(()),
    }
}

fn read_file(given: Option<&Path>) -> Result<File, Failure> {
    let path = given.unwrap_or(Path::new(FILE));
    if given.is_none() && !path.exists() {
        return Ok(File::default());
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::setting(&name, error))?;
    parse_file(&name, &text)
}

fn parse_file(name: &str, text: &str) -> Result<File, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            1 + text[..span.start.min(text.len())].matches('\n').count()
        });
        Failure::setting(&format!("{name} line {line}"), error.message())
    })
}

fn join(typed: &Settings, file: File) -> Result<Config, Failure> {
    let room = room::limits(&typed.room, &file.room())?;
    let turn = typed.turn.over(&file.turn()).check()?;
    let roles = typed.roles.as_ref().or(file.roles.as_ref());
    let roles = roles.map_or(Ok(Roles::ALL), |words| Roles::read(words))?;
    let tls = tls(
        typed.tls_certificate.clone().or(file.tls_certificate),
        typed.tls_key.clone().or(file.tls_key),
        typed
            .tls_self_signed
            .or(file.tls_self_signed)
            .unwrap_or(false),
    )?;
    let pick = |flag: &Option<String>, file: Option<String>, default: &str| {
        flag.clone().or(file).unwrap_or_else(|| default.to_owned())
    };
    let public = typed
        .public_addresses
        .clone()
        .or(file.public_addresses)
        .unwrap_or_default();
    let origins = typed
        .allowed_origins
        .clone()
        .or(file.allowed_origins)
        .unwrap_or_default();
    let proxies = typed
        .proxy_protocol_from
        .clone()
        .or(file.proxy_protocol_from)
        .unwrap_or_default();
    Ok(Config {
        roles,
        listen: address(
            "listen",
            &pick(&typed.listen, file.listen, "127.0.0.1:7880"),
        )?,
        admin_listen: address(
            "admin_listen",
            &pick(&typed.admin_listen, file.admin_listen, "127.0.0.1:7881"),
        )?,
        media_listen: address(
            "media_listen",
            &pick(&typed.media_listen, file.media_listen, "0.0.0.0:7882"),
        )?,
        public_addresses: public
            .iter()
            .map(|ip| parse("public_addresses", ip, "an IP address"))
            .collect::<Result<_, _>>()?,
        public_url: typed
            .public_url
            .clone()
            .or(file.public_url)
            .map(|url| origin("public_url", url))
            .transpose()?,
        data_dir: typed
            .data_dir
            .clone()
            .or(file.data_dir)
            .unwrap_or_else(|| PathBuf::from("fmz-data")),
        tls,
        allowed_origins: origins
            .into_iter()
            .map(|text| origin("allowed_origins", text))
            .collect::<Result<_, _>>()?,
        proxies: proxies
            .iter()
            .map(|text| network("proxy_protocol_from", text))
            .collect::<Result<_, _>>()?,
        connections_per_source: typed
            .connections_per_source
            .or(file.connections_per_source)
            .map(connections)
            .transpose()?,
        room,
        turn,
        log: typed.log.clone().or(file.log),
        log_format: log_format(&pick(&typed.log_format, file.log_format, "text"))?,
    })
}

fn tls(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    self_signed: bool,
) -> Result<Tls, Failure> {
    match (certificate, key, self_signed) {
        (None, None, false) => Ok(Tls::Off),
        (None, None, true) => Ok(Tls::SelfSigned),
        (Some(certificate), Some(key), false) => Ok(Tls::Given { certificate, key }),
        (Some(_), Some(_), true) => Err(Failure::setting(
            "tls_self_signed",
            "not beside tls_certificate: choose one",
        )),
        (Some(_), None, _) => Err(Failure::setting(
            "tls_certificate",
            "needs tls_key beside it",
        )),
        (None, Some(_), _) => Err(Failure::setting(
            "tls_key",
            "needs tls_certificate beside it",
        )),
    }
}

fn address(name: &str, text: &str) -> Result<SocketAddr, Failure> {
    parse(
        name,
        text,
        "an address with a port, such as 127.0.0.1:7880 or [::1]:7880",
    )
}

/// A network such as 10.0.0.0/8, or one address.
fn network(name: &str, text: &str) -> Result<IpNet, Failure> {
    match text.trim().parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => parse(name, text, "an address or a network such as 10.0.0.0/8"),
    }
}

fn connections(count: usize) -> Result<usize, Failure> {
    if (1..=CONNECTIONS_MAX).contains(&count) {
        return Ok(count);
    }
    let why = format!("{count} is not from 1 to {CONNECTIONS_MAX}");
    Err(Failure::setting("connections_per_source", why))
}

fn parse<T: FromStr>(name: &str, text: &str, wanted: &str) -> Result<T, Failure> {
    text.trim()
        .parse()
        .map_err(|_| Failure::setting(name, format!("{text:?} is not {wanted}")))
}

fn origin(name: &str, text: String) -> Result<String, Failure> {
    let text = text.trim_end_matches('/').to_owned();
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(text),
        _ => Err(Failure::setting(
            name,
            format!("{text:?} is not an origin such as https://review.example.com"),
        )),
    }
}

fn log_format(text: &str) -> Result<LogFormat, Failure> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Failure::setting(
            "log_format",
            format!("{text:?} is neither text nor json"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<Config, Failure>) -> String {
        match result {
            Err(Failure::Setting(line)) => line,
            other => panic!("expected a refused setting, got {other:?}"),
        }
    }

    #[test]
    fn defaults_need_no_configuration() {
        let config = join(&Settings::default(), File::default()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:7880");
        assert_eq!(config.tls, Tls::Off);
        assert_eq!(config.room, RoomLimits::default());
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = parse_file(
            "f",
            "listen = \"127.0.0.1:1\"\nmedia_listen = \"127.0.0.1:2\"",
        )
        .unwrap();
        let typed = Settings {
            listen: Some("127.0.0.1:3".into()),
            ..Settings::default()
        };
        let config = join(&typed, file).unwrap();
        assert_eq!((config.listen.port(), config.media_listen.port()), (3, 2));
    }

    #[test]
    fn every_bound_of_a_room_is_a_key_of_the_file() {
        let text = "participants_max = 1\nops_per_s = 2\nops_burst = 3\nroom_ops_per_s = 4\n\
                    room_ops_burst = 5\nauto_commit = \"1h\"";
        let file = parse_file("f", text).unwrap();
        let set = join(&Settings::default(), file).unwrap().room;
        assert_eq!(
            (set.participants_max, set.ops_per_s, set.ops_burst),
            (1, 2, 3)
        );
        assert_eq!((set.room_ops_per_s, set.room_ops_burst), (4, 5));
        assert_eq!(set.auto_commit.as_secs(), 3600);
    }

    #[test]
    fn an_unknown_key_is_one_line_with_its_place() {
        let Err(Failure::Setting(line)) = parse_file("fmz.toml", "log = \"info\"\nlisen = \"x\"")
        else {
            panic!("taken")
        };
        assert!(
            line.starts_with("fmz.toml line 2: unknown field `lisen`"),
            "{line}"
        );
    }

    #[test]
    fn an_unknown_variable_is_refused() {
        let names = ["PATH", "FMZ_LOG", "FMZ_LISEN"].map(String::from);
        let Err(Failure::Setting(line)) = check_variables(names.into_iter()) else {
            panic!("taken")
        };
        assert!(line.starts_with("FMZ_LISEN: no such setting"), "{line}");
    }

    #[test]
    fn bad_values_name_their_setting() {
        let cases: [(&str, Settings); 7] = [
            (
                "listen: \"127.0.0.1:99999\"",
                Settings {
                    listen: Some("127.0.0.1:99999".into()),
                    ..Default::default()
                },
            ),
            (
                "media_listen: \"7882\"",
                Settings {
                    media_listen: Some("7882".into()),
                    ..Default::default()
                },
            ),
            (
                "public_addresses: \"here\"",
                Settings {
                    public_addresses: Some(vec!["here".into()]),
                    ..Default::default()
                },
            ),
            (
                "allowed_origins: \"*\"",
                Settings {
                    allowed_origins: Some(vec!["*".into()]),
                    ..Default::default()
                },
            ),
            (
                "proxy_protocol_from: \"10.0.0.0/99\"",
                Settings {
                    proxy_protocol_from: Some(vec!["10.0.0.0/99".into()]),
                    ..Default::default()
                },
            ),
            (
                "connections_per_source: 0 is not",
                Settings {
                    connections_per_source: Some(0),
                    ..Default::default()
                },
            ),
            (
                "tls_certificate: needs",
                Settings {
                    tls_certificate: Some("c".into()),
                    ..Default::default()
                },
            ),
        ];
        for (start, typed) in cases {
            let line = said(join(&typed, File::default()));
            assert!(line.starts_with(start), "{line}");
        }
    }
}
