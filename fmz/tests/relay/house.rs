//! The binary, started and ended by a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A server with its own folder and ports; it ends on drop.
pub(crate) struct Server {
    pub(crate) folder: TempDir,
    process: Child,
    /// Address that the server prints when it is ready, after the last slash or blank.
    pub(crate) place: String,
    pub(crate) admin: String,
}

pub(crate) fn fmz(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fmz"));
    command.args(arguments).current_dir(folder);
    command
}

impl Server {
    /// Starts `fmz serve` with further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    pub(crate) fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = free.local_addr().unwrap().to_string();
        drop(free);
        let any = "127.0.0.1:0";
        let mut process = fmz(folder.path(), &["serve", "--admin-listen", &admin])
            .args(["--listen", any, "--media-listen", any, "--turn-listen", any])
            .args(arguments)
            .env("FMZ_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let place = line.trim().rsplit(['/', ' ']).next().unwrap();
        let place = place.trim_start_matches("turn:").to_owned();
        Self {
            folder,
            process,
            place,
            admin,
        }
    }

    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        let made = fmz(self.folder.path(), &["token"]).args(arguments).output();
        String::from_utf8(made.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }

    pub(crate) fn make_room(&self, room: &str) {
        let token = self.token(&["--operator"]);
        let body = format!(r#"{{"room": "{room}", "title": "Dailies"}}"#);
        let head = format!(
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let answer = asked(&self.place, "POST /api/v1/rooms", &head, &body);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    pub(crate) fn packets(&self) -> [u64; 2] {
        let metrics = asked(&self.admin, "GET /metrics", "", "");
        ["to_peer", "to_client"].map(|direction| {
            let name = format!("fmz_turn_packets_total{{direction=\"{direction}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
            line.unwrap().parse().unwrap()
        })
    }
}

impl Server {
    /// Returns the address of an edge relay.
    pub(crate) fn relay(&self) -> SocketAddr {
        self.place.parse().unwrap()
    }

    /// Makes the server read its settings and its certificate again; returns its answer.
    pub(crate) fn reload(&self) -> String {
        let head = "Content-Length: 0\r\n";
        asked(&self.admin, "POST /turn/reload", head, "")
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until the process has ended, [`DEADLINE`] at most.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = async {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            loop {
                if let Some(status) = self.process.try_wait().unwrap() {
                    return status;
                }
                tick.tick().await;
            }
        };
        tokio::time::timeout(DEADLINE, ended).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn asked(address: &str, request: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
