//! Clients on a stream. One task reads whole messages for a shard, and writes the messages that the
//! shard leaves in the queue.

mod admission;
mod listen;
mod queue;

pub(crate) use admission::{Admission, Refused};
pub use admission::{CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE_MAX};
pub(crate) use listen::listen;
pub(crate) use queue::Queue;

use crate::shard::{Door, StreamInput};
use fmz_net::framing::{Deframer, FramingError};
use fmz_turn_core::Client;
use queue::Next;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Time from a connection's start to its allocation: four round trips on a bad line, with a
/// retransmission each.
pub const HELLO_TIME_MAX: Duration = Duration::from_secs(10);

/// The reason why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("closed by the client")]
    Client,
    #[error("closed by the relay")]
    Relay,
    #[error("no allocation in time")]
    Hello,
    #[error("{0}")]
    Framing(#[from] FramingError),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Serves one connection to its end. The shard learns of its start and its end.
pub(crate) async fn serve(io: impl AsyncRead + AsyncWrite, client: Client, door: &Door) -> Ended {
    let queue = Arc::new(Queue::default());
    let opened = StreamInput::Opened(client, Arc::clone(&queue));
    if !door.send(opened).await {
        return Ended::Relay;
    }
    let _presence = Presence {
        client,
        queue: Arc::clone(&queue),
        door,
    };
    let (reader, writer) = tokio::io::split(io);
    tokio::select! {
        ended = read(reader, client, door) => ended,
        ended = write(writer, &queue) => ended,
        () = hello(&queue) => Ended::Hello,
    }
}

/// Tells the shard of the end, even if the task is aborted.
struct Presence<'a> {
    client: Client,
    queue: Arc<Queue>,
    door: &'a Door,
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        let (client, queue) = (self.client, Arc::clone(&self.queue));
        let door = self.door.clone();
        tokio::spawn(async move { door.send(StreamInput::Closed(client, queue)).await });
    }
}

async fn read(mut io: impl AsyncRead + Unpin, client: Client, door: &Door) -> Ended {
    let mut deframer = Deframer::new();
    loop {
        match io.read_buf(&mut deframer.room()).await {
            Ok(0) => return Ended::Client,
            Ok(_) => {}
            Err(error) => return error.into(),
        }
        loop {
            match deframer.message() {
                Ok(Some(message)) => {
                    if !door.send(StreamInput::Message(client, message)).await {
                        return Ended::Relay;
                    }
                }
                Ok(None) => break,
                Err(error) => return error.into(),
            }
        }
    }
}

async fn write(mut io: impl AsyncWrite + Unpin, queue: &Queue) -> Ended {
    let mut out = Vec::new();
    loop {
        let next = queue.take(&mut out).await;
        if let Err(error) = write_out(&mut io, &out).await {
            return error.into();
        }
        out.clear();
        if next == Next::Close {
            // If the goodbye cannot be sent, nothing changes.
            let _ = timeout(Duration::from_secs(1), io.shutdown()).await;
            return Ended::Relay;
        }
    }
}

async fn write_out(io: &mut (impl AsyncWrite + Unpin), out: &[u8]) -> io::Result<()> {
    io.write_all(out).await?;
    io.flush().await
}

/// Returns if there is no allocation in time; otherwise never returns.
async fn hello(queue: &Queue) {
    tokio::time::sleep(HELLO_TIME_MAX).await;
    if queue.is_allocated() {
        std::future::pending::<()>().await;
    }
}
