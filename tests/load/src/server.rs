//! The server under test: the real binary, as a child process on loopback.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// Longest wait for a server to print its address.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const ANY_PORT: &str = "127.0.0.1:0";
const ADDRESSES: [&str; 3] = ["FMZ_LISTEN", "FMZ_ADMIN_LISTEN", "FMZ_MEDIA_LISTEN"];

/// Paths of the binary and of its data.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) fmz: PathBuf,
    pub(crate) data: PathBuf,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Host and port of the page and the WebSocket.
    pub(crate) address: String,
    _said: tokio::task::JoinHandle<()>,
}

impl Site {
    /// Starts the server at `listen`, or on a free port, and waits until it prints its address.
    pub(crate) async fn start(&self, listen: Option<&str>) -> Result<Server> {
        self.start_with(&["--listen", listen.unwrap_or(ANY_PORT)])
            .await
    }

    /// Starts the server with these flags. Its ports are free ones unless the flags name others.
    pub(crate) async fn start_with(&self, flags: &[&str]) -> Result<Server> {
        let mut child = self
            .command("serve")
            .envs(ADDRESSES.map(|variable| (variable, ANY_PORT)))
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(self.log()?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", self.fmz.display()))?;
        let mut said =
            BufReader::new(child.stdout.take().context("the child has no output")?).lines();
        let found = tokio::time::timeout(START_TIMEOUT, address(&mut said)).await;
        let address = found.context("wait for the server's address")??;
        let said = tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(Server {
            child,
            address,
            _said: said,
        })
    }

    /// Makes a token for a room with these grants.
    pub(crate) async fn token(&self, room: &str, grants: &str) -> Result<String> {
        self.mint(&["--room", room, "--grants", grants]).await
    }

    /// Makes a room on a running server.
    pub(crate) async fn create_room(&self, server: &Server, room: &str) -> Result<()> {
        let token = self.mint(&["--operator"]).await?;
        let body = format!("{{\"room\":\"{room}\"}}");
        let answer = server.post("/api/v1/rooms", &token, &body).await?;
        ensure!(
            answer.starts_with("HTTP/1.1 201"),
            "make the room {room}: {answer}"
        );
        Ok(())
    }

    async fn mint(&self, arguments: &[&str]) -> Result<String> {
        let made = self.command("token").args(arguments).output().await?;
        if !made.status.success() {
            bail!("fmz token: {}", String::from_utf8_lossy(&made.stderr));
        }
        let said = String::from_utf8(made.stdout).context("read the token")?;
        token_in(&said)
            .map(str::to_owned)
            .with_context(|| format!("no token in {said:?}"))
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.fmz);
        command
            .arg(verb)
            .arg("--data-dir")
            .arg(&self.data)
            .stdin(Stdio::null());
        command
    }

    /// Opens the file for the server's log, beside its data, where it can be read after a failure.
    fn log(&self) -> Result<Stdio> {
        let path = log_path(&self.data);
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&path);
        Ok(file
            .with_context(|| format!("open {}", path.display()))?
            .into())
    }
}

impl Server {
    pub(crate) fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Posts JSON and returns the whole answer, including its head.
    pub(crate) async fn post(&self, path: &str, token: &str, json: &str) -> Result<String> {
        let (address, bytes) = (&self.address, json.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n{json}"
        );
        exchange(address, &request).await
    }

    /// Kills the server as a power cut would: SIGKILL, without notice.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("kill the server")
    }
}

/// Gets a page and returns the whole answer, including its head.
pub(crate) async fn get(address: &str, path: &str) -> Result<String> {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
    )
    .await
}

async fn exchange(address: &str, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)
        .await
        .context("connect to the server")?;
    stream
        .write_all(request.as_bytes())
        .await
        .context("send a request")?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .context("read the answer")?;
    Ok(answer)
}

/// Makes a folder for the data of one run. It is deleted on drop.
pub(crate) fn data_folder(root: Option<&Path>) -> Result<tempfile::TempDir> {
    let folder = match root {
        Some(root) => tempfile::tempdir_in(root),
        None => tempfile::tempdir(),
    };
    folder.context("make a data folder")
}

/// Returns the path of the log, beside `data`.
pub(crate) fn log_path(data: &Path) -> PathBuf {
    data.with_extension("log")
}

async fn address(said: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    while let Some(line) = said.next_line().await? {
        if let Some(address) = address_in(&line) {
            return Ok(address.to_owned());
        }
    }
    bail!("the server ended without naming its address")
}

/// Returns host and port of the first `http://` address in a line.
fn address_in(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest
        .find(|c: char| c == '/' || c.is_whitespace())
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

/// Returns the first JSON Web Token in a text: three dotted parts of base64url.
fn token_in(text: &str) -> Option<&str> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words = text.split(|c: char| !of_token(c));
    words
        .into_iter()
        .find(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_the_server_says() {
        let cases = [
            (
                "Open http://127.0.0.1:7880/r/demo#token=x",
                Some("127.0.0.1:7880"),
            ),
            ("listening on http://127.0.0.1:41", Some("127.0.0.1:41")),
            ("http://[::1]:9 is it", Some("[::1]:9")),
            ("starting", None),
        ];
        for (line, wanted) in cases {
            assert_eq!(address_in(line), wanted, "{line}");
        }
    }

    #[test]
    fn the_token_is_found_alone_and_inside_a_link() {
        for text in ["eyJh.eyJi.c-_9\n", "http://h:1/r/a#token=eyJh.eyJi.c-_9\n"] {
            assert_eq!(token_in(text), Some("eyJh.eyJi.c-_9"));
        }
        assert_eq!(token_in("error: no"), None);
    }
}
