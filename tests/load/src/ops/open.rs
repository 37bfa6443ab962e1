//! Time to open a room with a long history, and to restore its first version, on a fresh server
//! that has nothing of the room in memory.

use super::history::ROOM;
use crate::report::progress;
use crate::server::{Server, Site};
use crate::session::{Join, Session};
use anyhow::{Result, ensure};
use fmz_annotation::version::VersionId;
use std::time::{Duration, Instant};

/// Measured times.
pub(super) struct Times {
    /// Time from the start of the server's process to the welcome.
    pub(super) open: Duration,
    /// Part of it that follows the connection.
    pub(super) room: Duration,
    /// From the request until it is answered.
    pub(super) restore: Duration,
}

/// Starts the server, joins, and restores a version.
pub(super) async fn run(site: &Site, ops: u64, version: VersionId) -> Result<Times> {
    let token = site.token(ROOM, "view").await?;
    let owner = site.token(ROOM, "view,annotate,own").await?;
    if let Err(error) = std::fs::write("/proc/sys/vm/drop_caches", "3") {
        progress(&format!(
            "ops: files may be in the page cache, which cannot be dropped: {error}"
        ));
    }
    let begin = Instant::now();
    let server = site.start(None).await?;
    let connect = Instant::now();
    let join = Join {
        url: server.ws_url(),
        token,
        session_key: [1; 16],
        revision: 0,
        transport: false,
    };
    let (_session, welcome) = Session::join(&join).await?;
    let (open, room) = (begin.elapsed(), connect.elapsed());
    ensure!(
        welcome.revision >= ops,
        "the room opened at {}",
        welcome.revision
    );
    let restore = restore(&server, &owner, version).await?;
    server.kill().await?;
    Ok(Times {
        open,
        room,
        restore,
    })
}

async fn restore(server: &Server, token: &str, version: VersionId) -> Result<Duration> {
    let (path, body) = (
        format!("/api/v1/rooms/{ROOM}/restore"),
        format!("{{\"to\":{{\"version\":\"{version}\"}}}}"),
    );
    let begin = Instant::now();
    let answer = server.post(&path, token, &body).await?;
    let time = begin.elapsed();
    let (_, said) = answer.split_once("\r\n\r\n").unwrap_or_default();
    ensure!(answer.starts_with("HTTP/1.1 200"), "go back: {answer}");
    ensure!(!said.contains("\"objects\":0"), "nothing was different");
    progress(&format!("ops: went back: {}", said.trim()));
    Ok(time)
}
