//! The relays under test: real servers, each a child process on one processor of its own.

use super::allocation::wait_for;
use super::credentials::SECRET;
use crate::cpu;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Processor of the relay; the load runs on another.
const RELAY_CORE: &str = "0";
const REALM: &str = "bench";
/// Address of fmz's forwarding unit. It differs from the relay's own, because there any port may be
/// one that the relay uses.
const MEDIA: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Policy that admits the load's own sink as a peer.
const PEERS: &str = "127.0.0.0/8";

/// The server that relays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(super) enum Kind {
    Fmz,
    Coturn,
    TurnCrate,
}

/// Paths of the relays' binaries.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) fmz: PathBuf,
    pub(super) coturn: PathBuf,
    pub(super) turn_crate: PathBuf,
    /// Folder for logs and data.
    pub(super) folder: PathBuf,
}

/// A running relay. It ends on drop.
#[derive(Debug)]
pub(super) struct Relay {
    child: Child,
    /// Address for datagrams of clients.
    pub(super) address: SocketAddr,
    /// Address of fmz's metrics.
    pub(super) admin: SocketAddr,
    /// Address of fmz's forwarding unit.
    pub(super) media: SocketAddr,
}

impl Kind {
    /// Returns the relay's part of a figure's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fmz => "turn",
            Self::Coturn => "coturn",
            Self::TurnCrate => "turn_crate",
        }
    }
}

impl Relay {
    /// Starts a relay and waits until it answers.
    pub(super) fn start(kind: Kind, programs: &Programs) -> Result<Self> {
        let udp = |ip: Ipv4Addr| UdpSocket::bind((ip, 0))?.local_addr();
        let tcp = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
        let (address, media, admin, page) =
            (udp(Ipv4Addr::LOCALHOST)?, udp(MEDIA)?, tcp()?, tcp()?);
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", RELAY_CORE]);
        match kind {
            Kind::Fmz => fmz(&mut command, programs, [address, media, admin, page]),
            Kind::Coturn => coturn(&mut command, programs, address),
            Kind::TurnCrate => {
                let program = command.arg(&programs.turn_crate);
                program.arg(address.to_string()).arg(SECRET);
            }
        }
        let log = log(&programs.folder, kind)?;
        command
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log);
        let child = command
            .spawn()
            .with_context(|| format!("start {}", kind.name()))?;
        let relay = Self {
            child,
            address,
            admin,
            media,
        };
        wait_for(address).with_context(|| format!("wait for {}", kind.name()))?;
        Ok(relay)
    }

    /// Returns the processor time of all threads so far.
    pub(super) fn spent(&self) -> Result<Duration> {
        cpu::of_process(self.child.id())
    }

    /// Returns the number of datagrams that fmz's forwarding unit has refused so far.
    pub(super) fn refused(&self) -> Result<u64> {
        let mut stream = TcpStream::connect(self.admin).context("connect to the metrics")?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let mut lines = answer.lines();
        let value = lines.find_map(|line| line.strip_prefix("fmz_sfu_datagrams_refused_total "));
        value
            .context("no such metric")?
            .parse()
            .context("read a metric")
    }

    /// Returns the resident memory, in bytes.
    pub(super) fn memory(&self) -> Result<u64> {
        cpu::memory_of_process(self.child.id())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The relay may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fmz(command: &mut Command, programs: &Programs, [address, media, admin, page]: [SocketAddr; 4]) {
    let folder = tempfile::Builder::new()
        .prefix("fmz-")
        .tempdir_in(&programs.folder);
    let data = folder.map_or_else(|_| programs.folder.clone(), tempfile::TempDir::keep);
    command.arg(&programs.fmz).arg("serve");
    let settings = [
        ("--data-dir", data.display().to_string()),
        ("--listen", page.to_string()),
        ("--admin-listen", admin.to_string()),
        ("--media-listen", media.to_string()),
        ("--turn-listen", address.to_string()),
        ("--turn-relay-addresses", address.ip().to_string()),
        ("--turn-secrets", SECRET.to_owned()),
        ("--turn-realm", REALM.to_owned()),
        ("--turn-policy", "list".to_owned()),
        ("--turn-peers", PEERS.to_owned()),
        ("--turn-shards", "1".to_owned()),
        ("--roles", "signaling,sfu,turn".to_owned()),
    ];
    settings.iter().for_each(|(name, value)| {
        command.arg(name).arg(value);
    });
}

fn coturn(command: &mut Command, programs: &Programs, address: SocketAddr) {
    let ip = address.ip().to_string();
    command.arg(&programs.coturn);
    // No configuration file, database or console, and one thread for the one processor.
    command.args(["-n", "--no-cli", "--cli-password=x", "-m", "1"]);
    command.args(["--no-tls", "--no-dtls", "--allow-loopback-peers"]);
    command.args(["-L", &ip, "-E", &ip, "-p", &address.port().to_string()]);
    command.args(["--use-auth-secret", "--static-auth-secret", SECRET]);
    command.args(["--realm", REALM, "--log-file=stdout", "--simple-log"]);
    command
        .arg("--pidfile")
        .arg(programs.folder.join("coturn.pid"));
    command
        .arg("--userdb")
        .arg(programs.folder.join("coturn.db"));
}

fn log(folder: &Path, kind: Kind) -> Result<File> {
    let path = folder.join(kind.name()).with_extension("log");
    let file = File::options().create(true).append(true).open(&path);
    file.with_context(|| format!("open {}", path.display()))
}
