//! fmz.toml.

use crate::exit::Failure;
use crate::{room, turn};
use serde::Deserialize;
use std::path::{Path, PathBuf};

const FILE: &str = "fmz.toml";

/// fmz.toml as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) roles: Option<Vec<String>>,
    pub(super) listen: Option<String>,
    pub(super) admin_listen: Option<String>,
    pub(super) media_listen: Option<String>,
    pub(super) public_addresses: Option<Vec<String>>,
    pub(super) public_url: Option<String>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) tls_self_signed: Option<bool>,
    pub(super) allowed_origins: Option<Vec<String>>,
    pub(super) proxy_protocol_from: Option<Vec<String>>,
    pub(super) connections_per_source: Option<usize>,
    pub(super) participants_max: Option<u32>,
    pub(super) ops_per_s: Option<u32>,
    pub(super) ops_burst: Option<u32>,
    pub(super) room_ops_per_s: Option<u32>,
    pub(super) room_ops_burst: Option<u32>,
    pub(super) auto_commit: Option<String>,
    pub(super) turn_listen: Option<String>,
    pub(super) turn_tls_listen: Option<String>,
    pub(super) turn_relay_ports: Option<String>,
    pub(super) turn_relay_addresses: Option<Vec<String>>,
    pub(super) turn_external: Option<String>,
    pub(super) turn_realm: Option<String>,
    pub(super) turn_secrets: Option<Vec<String>>,
    pub(super) turn_policy: Option<String>,
    pub(super) turn_peers: Option<Vec<String>>,
    pub(super) turn_edges: Option<Vec<String>>,
    pub(super) turn_alternate: Option<String>,
    pub(super) turn_shards: Option<u16>,
    pub(super) turn_user_allocations: Option<u32>,
    pub(super) turn_user_bps: Option<u64>,
    pub(super) turn_user_pps: Option<u64>,
    pub(super) turn_allocations_max: Option<u32>,
    pub(super) turn_total_bps: Option<u64>,
    pub(super) turn_drain: Option<String>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<String>,
}

impl File {
    pub(super) fn room(&self) -> room::Settings {
        room::Settings {
            participants_max: self.participants_max,
            ops_per_s: self.ops_per_s,
            ops_burst: self.ops_burst,
            room_ops_per_s: self.room_ops_per_s,
            room_ops_burst: self.room_ops_burst,
            auto_commit: self.auto_commit.clone(),
        }
    }

    pub(super) fn turn(&self) -> turn::Settings {
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
            turn_edges: self.turn_edges.clone(),
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

/// Reads the file that is named, or the one that lies here, or none.
pub(super) fn read_file(given: Option<&Path>) -> Result<File, Failure> {
    let path = given.unwrap_or(Path::new(FILE));
    if given.is_none() && !path.exists() {
        return Ok(File::default());
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::setting(&name, error))?;
    parse_file(&name, &text)
}

pub(super) fn parse_file(name: &str, text: &str) -> Result<File, Failure> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            1 + text[..span.start.min(text.len())].matches('\n').count()
        });
        Failure::setting(&format!("{name} line {line}"), error.message())
    })
}
