//! A relay and nothing else.

use crate::house::{DEADLINE, Server, asked, fmz};
use fmz_turn::Credentials;
use fmz_turn::check::{Account, Client, Line, Trouble};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::UdpSocket;
use tokio::time::timeout;

pub(crate) const SECRET: &str = "the first secret of the test";
const OTHER: &str = "the other secret of the test";

pub(crate) fn account(secret: &str) -> Account {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let expiry = now.unwrap() + Duration::from_secs(600);
    let Credentials { username, password } = Credentials::issue(secret, "room/ada", expiry);
    Account { username, password }
}

async fn client(relay: SocketAddr, secret: &str) -> Client {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(relay).await.unwrap();
    Client::new(Line::datagrams(socket), account(secret))
}

fn code(outcome: Result<impl Sized, Trouble>) -> u16 {
    match outcome {
        Err(Trouble::Refused { code, .. }) => code,
        Err(other) => panic!("{other}"),
        Ok(_) => 0,
    }
}

fn edge(arguments: &[&str]) -> Server {
    let usual = ["--roles", "turn", "--turn-secrets", SECRET];
    Server::start(&[&usual[..], arguments].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_relay_that_is_ended_lets_its_clients_end() {
    let mut server = edge(&["--turn-alternate", "127.0.0.1:9", "--turn-drain", "10m"]);
    assert!(asked(&server.admin, "GET /healthz", "", "").starts_with("HTTP/1.1 200"));
    // An alternate in the settings sends all clients away from the start.
    assert_eq!(
        code(client(server.relay(), SECRET).await.allocate().await),
        300
    );
    drop(server);
    server = edge(&[]);
    let mut old = client(server.relay(), SECRET).await;
    old.allocate().await.unwrap();
    server.signal("TERM");
    let draining = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        loop {
            let mut new = client(server.relay(), SECRET).await;
            match code(new.allocate().await) {
                508 => return,
                // This allocation was made before the signal took effect. End it, so that the relay
                // does not wait for it.
                _ => new.refresh(0).await.unwrap(),
            }
            tick.tick().await;
        }
    };
    timeout(DEADLINE, draining).await.unwrap();
    old.refresh(0).await.unwrap();
    assert!(server.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_new_secrets_and_refuses_a_broken_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fmz.toml");
    let write = |secret: &str| {
        let text = format!("roles = [\"turn\"]\nturn_secrets = [\"{secret}\"]\n");
        std::fs::write(&file, text).unwrap();
    };
    write(SECRET);
    let server = Server::start_in(folder, &[]);
    let mut old = client(server.relay(), SECRET).await;
    old.allocate().await.unwrap();
    write(OTHER);
    let answer = server.reload();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(
        code(client(server.relay(), SECRET).await.allocate().await),
        401
    );
    client(server.relay(), OTHER)
        .await
        .allocate()
        .await
        .unwrap();
    std::fs::write(server.folder.path().join("fmz.toml"), "turn_realm = 7").unwrap();
    let answer = server.reload();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("fmz.toml line 1"),
        "{answer}"
    );
    client(server.relay(), OTHER)
        .await
        .allocate()
        .await
        .unwrap();
}

#[test]
fn a_check_says_what_is_wrong() {
    let server = edge(&[]);
    let url = format!("turn:{}", server.relay());
    let check = |secret: &str| {
        fmz(
            server.folder.path(),
            &["turn", "check", &url, "--secret", secret],
        )
        .output()
        .unwrap()
    };
    let well = check(SECRET);
    let text = String::from_utf8(well.stdout).unwrap();
    assert!(well.status.success(), "{text}");
    assert_eq!(text.matches("  ok  ").count(), 6, "{text}");
    let wrong = check(OTHER);
    let text = String::from_utf8(wrong.stdout).unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text.contains("refused with 401") && text.contains("turn_secrets"),
        "{text}"
    );
}

#[test]
fn an_edge_relay_without_a_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = fmz(folder.path(), &["serve", "--roles", "turn"])
        .output()
        .unwrap();
    let line = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{line}");
    assert!(line.contains("turn_secrets: an edge relay needs"), "{line}");
}
