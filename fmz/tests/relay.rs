//! Sessions that reach the server by its relay only.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fmz_client::{Client, Event, Options, RelayTransport};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(60);

/// A server of its own folder and ports; ended on drop.
struct Server {
    folder: TempDir,
    process: Child,
    page: String,
    admin: String,
}

fn fmz(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fmz"));
    command.args(arguments).current_dir(folder);
    command
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = free.local_addr().unwrap().to_string();
        drop(free);
        let any = "127.0.0.1:0";
        let mut process = fmz(folder.path(), &["serve", "--admin-listen", &admin])
            .args(["--listen", any, "--media-listen", any, "--turn-listen", any])
            .env("FMZ_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let page = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        Self {
            folder,
            process,
            page,
            admin,
        }
    }

    fn token(&self, arguments: &[&str]) -> String {
        let made = fmz(self.folder.path(), &["token"]).args(arguments).output();
        String::from_utf8(made.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }

    fn make_room(&self, room: &str) {
        let token = self.token(&["--operator"]);
        let body = format!(r#"{{"room": "{room}", "title": "Dailies"}}"#);
        let head = format!(
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let answer = asked(&self.page, "POST /api/v1/rooms", &head, &body);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    fn packets(&self) -> [u64; 2] {
        let metrics = asked(&self.admin, "GET /metrics", "", "");
        ["to_peer", "to_client"].map(|direction| {
            let name = format!("fmz_turn_packets_total{{direction=\"{direction}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
            line.unwrap().parse().unwrap()
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn asked(address: &str, request: &str, head: &str, body: &str) -> String {
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

/// Joins by one transport of the relay and waits until media may flow.
async fn joined(server: &Server, token: &str, transport: RelayTransport) -> Client {
    let mut options = Options::named("Ada");
    options.relay_only = true;
    options.relay_transports = vec![transport];
    let url = format!("ws://{}/ws", server.page);
    let (client, mut events) = Client::connect(&url, token, options).await.unwrap();
    let connected = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::Transport { connected: true }) {
                return;
            }
        }
        panic!("the session ended");
    };
    timeout(DEADLINE, connected).await.unwrap();
    client
}

/// Waits until the counts, which are made visible four times a second, say that packets were relayed both ways.
async fn relayed_since(server: &Server, before: [u64; 2]) -> [u64; 2] {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        let now = server.packets();
        if now[0] > before[0] && now[1] > before[1] {
            return now;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_reach_the_forwarding_unit_by_the_relay_alone() {
    let server = Server::start();
    server.make_room("dailies");
    let token = server.token(&["--room", "dailies", "--grants", "view,annotate,publish"]);
    let mut before = [0, 0];
    for transport in [RelayTransport::Udp, RelayTransport::Tcp] {
        let client = joined(&server, &token, transport).await;
        before = timeout(DEADLINE, relayed_since(&server, before))
            .await
            .unwrap();
        client.leave().await;
    }
    let sessions = asked(&server.admin, "GET /turn/sessions", "", "");
    assert!(sessions.starts_with("HTTP/1.1 200"), "{sessions}");
}
