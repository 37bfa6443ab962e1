//! The sockets of a link: one for all peers, and one to the server for each peer.

use super::Impairment;
use super::counts::Counts;
use super::way::Way;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Peers of one link.
const PEERS_MAX: usize = 256;
/// Datagrams of one peer that wait for its task. More are lost, as on any network.
const INBOX_DATAGRAMS: usize = 1024;
/// The largest UDP payload.
const DATAGRAM_BYTES: usize = 65_536;

/// Relays between the server and all peers that send to `socket`.
pub(super) async fn run(
    socket: std::net::UdpSocket,
    to: SocketAddr,
    impairment: Impairment,
    counts: Arc<Counts>,
) -> Result<()> {
    let socket = Arc::new(UdpSocket::from_std(socket).context("register the link")?);
    let mut peers: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            // This error is an ICMP answer to an earlier send: a peer is gone.
            continue;
        };
        if !peers.contains_key(&peer) && peers.len() < PEERS_MAX {
            let flow = Flow::open(socket.clone(), peer, to, impairment, peers.len()).await?;
            let (sender, datagrams) = mpsc::channel(INBOX_DATAGRAMS);
            tokio::spawn(flow.run(datagrams, counts.clone()));
            peers.insert(peer, sender);
        }
        if let Some(sender) = peers.get(&peer) {
            // A datagram that finds no place is lost, as on any network.
            let _ = sender.try_send(buffer[..length].to_vec());
        }
    }
}

/// The traffic between one peer and the server.
struct Flow {
    listen: Arc<UdpSocket>,
    peer: SocketAddr,
    server: UdpSocket,
    up: Way,
    down: Way,
}

impl Flow {
    async fn open(
        listen: Arc<UdpSocket>,
        peer: SocketAddr,
        to: SocketAddr,
        impairment: Impairment,
        number: usize,
    ) -> Result<Self> {
        let any = SocketAddr::new(listen.local_addr()?.ip(), 0);
        let server = UdpSocket::bind(any)
            .await
            .context("bind towards the server")?;
        server
            .connect(to)
            .await
            .context("connect to the server's address")?;
        let number = 2 * number as u64;
        Ok(Self {
            listen,
            peer,
            server,
            up: Way::new(impairment, number),
            down: Way::new(impairment, number + 1),
        })
    }

    async fn run(mut self, mut datagrams: mpsc::Receiver<Vec<u8>>, counts: Arc<Counts>) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            let next = [self.up.next_at(), self.down.next_at()];
            tokio::select! {
                datagram = datagrams.recv() => match datagram {
                    Some(datagram) => counts.up.add(self.up.send(&datagram, Instant::now())),
                    None => return,
                },
                received = self.server.recv(&mut buffer) => {
                    if let Ok(length) = received {
                        counts.down.add(self.down.send(&buffer[..length], Instant::now()));
                    }
                }
                () = until(next.into_iter().flatten().min()) => {}
            }
            self.deliver().await;
        }
    }

    /// Hands over the datagrams that have arrived. A datagram that a socket does not take is lost.
    async fn deliver(&mut self) {
        let now = Instant::now();
        while let Some(datagram) = self.up.arrived(now) {
            let _ = self.server.send(&datagram).await;
        }
        while let Some(datagram) = self.down.arrived(now) {
            let _ = self.listen.send_to(&datagram, self.peer).await;
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
