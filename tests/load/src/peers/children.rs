//! Another engine: its server and its clients, each a process of Node.js.

use super::Options;
use crate::crowd::{Crowd, Points};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Processes that hold the clients. A single one would use up its core before the server does.
const PROCESSES: u64 = 2;
/// Longest wait for an answer of a child.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A process that answers in lines.
struct Node {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    fn start(folder: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new("node")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start node")?;
        let input = child.stdin.take().context("the child has no input")?;
        let output = child.stdout.take().context("the child has no output")?;
        Ok(Self {
            child,
            input,
            lines: BufReader::new(output).lines(),
        })
    }

    async fn say(&mut self, word: &str) -> Result<()> {
        let line = format!("{word}\n");
        let said = self.input.write_all(line.as_bytes()).await;
        said.with_context(|| format!("say {word}"))
    }

    async fn hear(&mut self) -> Result<String> {
        let line = tokio::time::timeout(ANSWER_TIMEOUT, self.lines.next_line()).await;
        line.context("wait for a child")??
            .context("a child ended: what it said is above")
    }
}

/// A running server of another engine.
pub(super) struct NodeServer {
    node: Node,
    port: String,
}

impl NodeServer {
    pub(super) async fn start(folder: &Path, engine: &str, room: &str) -> Result<Self> {
        let mut node = Node::start(folder, &["server.mjs", engine, room])?;
        let port = node
            .hear()
            .await
            .with_context(|| format!("start {engine} (npm ci --prefix {})", folder.display()))?;
        Ok(Self { node, port })
    }

    pub(super) fn pid(&self) -> Result<u32> {
        self.node.child.id().context("the server has ended")
    }
}

/// Share of the clients that apply the changes they receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replicas {
    All,
    /// One client in each process. The others only count, if their engine can tell points apart
    /// without applying them. The server's work is the same.
    Few,
}

/// All clients of a room.
pub(super) struct Clients {
    processes: Vec<Node>,
}

impl Clients {
    pub(super) async fn come_in(
        options: &Options,
        server: &NodeServer,
        engine: &str,
        room: &str,
        replicas: Replicas,
    ) -> Result<Self> {
        let counting = match replicas {
            Replicas::All => "",
            Replicas::Few => "counting",
        };
        let mut processes = Vec::new();
        for (first, count) in shares(options.clients) {
            let numbers = [first, count, options.drawing].map(|number| number.to_string());
            let [first, count, drawing] = numbers.each_ref().map(String::as_str);
            let port = server.port.as_str();
            processes.push(Node::start(
                &options.folder,
                &[
                    "clients.mjs",
                    engine,
                    room,
                    port,
                    first,
                    count,
                    drawing,
                    counting,
                ],
            )?);
        }
        for process in &mut processes {
            let said = process.hear().await?;
            if said != "ready" {
                bail!("a child began with {said:?}");
            }
        }
        Ok(Self { processes })
    }

    async fn say(&mut self, word: &str) -> Result<()> {
        for process in &mut self.processes {
            process.say(word).await?;
        }
        Ok(())
    }
}

impl Crowd for Clients {
    async fn draw(&mut self) -> Result<()> {
        self.say("draw").await
    }

    async fn rest(&mut self) -> Result<()> {
        self.say("rest").await
    }

    async fn count(&mut self) -> Result<Points> {
        self.say("count").await?;
        let mut sum = Points {
            made: 0,
            delivered: 0,
        };
        for process in &mut self.processes {
            let line = process.hear().await?;
            let points = points(&line).with_context(|| format!("a child counted {line:?}"))?;
            sum.made += points.made;
            sum.delivered += points.delivered;
        }
        Ok(sum)
    }
}

/// Returns the first client and the number of clients of each process.
fn shares(clients: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..PROCESSES).map(move |process| {
        let first = |process| clients * process / PROCESSES;
        (first(process), first(process + 1) - first(process))
    })
}

fn points(line: &str) -> Option<Points> {
    let (made, delivered) = line.split_once(' ')?;
    Some(Points {
        made: made.parse().ok()?,
        delivered: delivered.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_is_in_one_process() {
        assert_eq!(shares(7).collect::<Vec<_>>(), [(0, 3), (3, 4)]);
    }

    #[test]
    fn a_count_is_two_numbers() {
        let counted = Points {
            made: 12,
            delivered: 480,
        };
        assert_eq!(points("12 480"), Some(counted));
        assert_eq!(points("12"), None);
        assert_eq!(points("12 -1"), None);
    }
}
