//! From what was typed to what is used, in one fallible step: fmz.toml, then the environment, then flags.

mod file;
#[cfg(test)]
mod tests;
mod values;
mod variables;

use crate::cli::Settings;
use crate::exit::Failure;
use crate::roles::Roles;
use crate::{room, turn};
use file::{File, read_file};
use fmz_signaling::RoomLimits;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use values::{address, connections, log_format, network, origin, parse, tls};
use variables::check_variables;

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

/// The WebRTC library of the native client speaks of itself at every step; the STUN library warns of each datagram that is none.
pub(crate) const DEFAULT_LOG: &str =
    "info,rtc=warn,webrtc=warn,rtc_ice=error,rtc_dtls=error,stun_types=off";

/// Joins all sources and checks every value.
pub(crate) fn resolve(settings: &Settings) -> Result<Config, Failure> {
    check_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    join(settings, read_file(settings.config.as_deref())?)
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
