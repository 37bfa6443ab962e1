//! A bad network between peers and the server: a UDP relay that delays and loses.
//!
//! A peer that should go through it is given its address instead of the server's; see [`sdp`].

mod counts;
mod relay;
pub(crate) mod sdp;
mod way;

use anyhow::{Context, Result};
use counts::Counts;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Impairment of datagrams in both directions.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Impairment {
    /// Datagrams lost in each direction, percent.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) loss: f64,
    /// Time that each direction takes, milliseconds.
    #[arg(long, default_value_t = 0)]
    pub(crate) delay: u64,
    /// Decides which datagrams are lost.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where peers send to.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The server's address for media.
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,
    #[command(flatten)]
    impairment: Impairment,
}

/// Relays until the program is interrupted. Prints the link's address first, and the counts last.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let link = Link::open(options.listen, options.to, options.impairment)?;
    crate::report::announce("link", &link.address.to_string());
    tokio::signal::ctrl_c().await.context("wait for the end")?;
    link.counts.tell();
    Ok(())
}

/// A running link. It ends on drop.
#[derive(Debug)]
pub(crate) struct Link {
    /// Address to which peers send.
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
    _end: oneshot::Sender<()>,
}

impl Link {
    /// Opens a link from `listen` to a server. The link runs on a thread of its own, so that work
    /// elsewhere does not change its delays.
    pub(crate) fn open(listen: SocketAddr, to: SocketAddr, impairment: Impairment) -> Result<Self> {
        let socket = UdpSocket::bind(listen).context("bind the link")?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start the link")?;
        let (end, ended) = oneshot::channel();
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    relayed = relay::run(socket, to, impairment, counted) => {
                        if let Err(error) = relayed {
                            tracing::error!(%error, "the link ended");
                        }
                    }
                    _ = ended => {}
                }
            });
        });
        Ok(Self {
            address,
            counts,
            _end: end,
        })
    }
}

impl Impairment {
    fn delay(&self) -> Duration {
        Duration::from_millis(self.delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_link_carries_both_ways_late() {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let (server, peer) = (
            UdpSocket::bind(here).unwrap(),
            UdpSocket::bind(here).unwrap(),
        );
        let impairment = Impairment {
            loss: 0.0,
            delay: 20,
            seed: 1,
        };
        let link = Link::open(here, server.local_addr().unwrap(), impairment).unwrap();
        let begin = Instant::now();
        peer.send_to(b"up", link.address).unwrap();
        let mut buffer = [0; 16];
        let (length, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"up");
        server.send_to(b"down", from).unwrap();
        let (length, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&b"down"[..], link.address));
        assert!(begin.elapsed() >= Duration::from_millis(40));
        assert_eq!(link.counts.up.figures(), (1, 0));
        assert_eq!(link.counts.down.figures(), (1, 0));
    }

    #[test]
    fn a_link_counts_what_it_lost() {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let (server, peer) = (
            UdpSocket::bind(here).unwrap(),
            UdpSocket::bind(here).unwrap(),
        );
        let impairment = Impairment {
            loss: 50.0,
            delay: 0,
            seed: 1,
        };
        let link = Link::open(here, server.local_addr().unwrap(), impairment).unwrap();
        let mut buffer = [0; 16];
        for _ in 0..20 {
            peer.send_to(b"up", link.address).unwrap();
        }
        let (arrived, _) = loop {
            let figures = link.counts.up.figures();
            if figures.0 + figures.1 == 20 {
                break figures;
            }
            std::thread::yield_now();
        };
        assert!((1..20).contains(&arrived), "{arrived}");
        for _ in 0..arrived {
            server.recv_from(&mut buffer).unwrap();
        }
    }
}
