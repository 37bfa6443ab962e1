//! One connection to a relay, and the local source whose datagrams it carries.

use super::target::{Duplex, Target};
use bytes::Bytes;
use fmz_net::framing::{self, Deframer};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter},
    net::UdpSocket,
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// Datagrams that wait for the connection: about two large pictures. More are dropped, as a network
/// would drop them.
pub(super) const DATAGRAMS_MAX: usize = 512;
/// Longest wait for TCP and TLS. By then the native stack has given the relay up.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Pause after a connection ended, so that a relay that refuses is not asked again with every
/// datagram.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes written at once: one TLS record.
const WRITE_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Line {
    datagrams: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Line {
    pub(super) fn open(target: Arc<Target>, socket: Arc<UdpSocket>, source: SocketAddr) -> Self {
        let (datagrams, queue) = mpsc::channel(DATAGRAMS_MAX);
        let task = tokio::spawn(async move {
            if let Err(error) = serve(&target, &socket, source, queue).await {
                tracing::debug!(%error, ?target, "no connection to the relay");
            }
            sleep(PAUSE).await;
        });
        Self { datagrams, task }
    }

    /// Sends a datagram; drops it if too many wait.
    pub(super) fn send(&self, datagram: Bytes) {
        let _ = self.datagrams.try_send(datagram);
    }

    /// Reports whether the connection ended and its pause is over, so that another may be opened.
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    target: &Target,
    socket: &UdpSocket,
    source: SocketAddr,
    queue: mpsc::Receiver<Bytes>,
) -> io::Result<()> {
    let connected = timeout(CONNECT_WITHIN, target.connect()).await;
    let stream: Box<dyn Duplex> = connected.map_err(|_| io::ErrorKind::TimedOut)??;
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        ended = write(writer, queue) => ended,
        ended = read(reader, socket, source) => ended,
    }
}

/// Writes all waiting datagrams, and flushes if no more wait.
async fn write(
    writer: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<Bytes>,
) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(WRITE_BYTES, writer);
    while let Some(datagram) = queue.recv().await {
        writer.write_all(&datagram).await?;
        writer.write_all(framing::padding(datagram.len())).await?;
        if queue.is_empty() {
            writer.flush().await?;
        }
    }
    Ok(())
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    socket: &UdpSocket,
    source: SocketAddr,
) -> io::Result<()> {
    let mut deframer = Deframer::new();
    loop {
        while let Some(message) = deframer.message().map_err(io::Error::other)? {
            // If the source is gone, nobody receives this. The relay then ends the connection when
            // its allocation expires.
            let _ = socket.send_to(&message, source).await;
        }
        if reader.read_buf(&mut deframer.room()).await? == 0 {
            return Ok(());
        }
    }
}
