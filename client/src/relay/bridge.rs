//! A UDP port on loopback that stands for a relay over TCP or TLS.

use super::{line::Line, target::Target};
use bytes::Bytes;
use fmz_net::framing::MESSAGE_BYTES_MAX;
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{net::UdpSocket, task::JoinHandle};

/// Connections to the relay at once: one for each local address of the native stack.
pub(super) const LINES_MAX: usize = 16;

/// Carries datagrams until it is dropped. Each source has a connection of its own, and so an
/// allocation of its own.
#[derive(Debug)]
pub(super) struct Bridge {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Bridge {
    pub(super) async fn open(target: Target) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            address: socket.local_addr()?,
            task: tokio::spawn(carry(Arc::new(socket), Arc::new(target))),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(socket: Arc<UdpSocket>, target: Arc<Target>) {
    let mut lines = HashMap::<SocketAddr, Line>::new();
    let mut datagram = vec![0; MESSAGE_BYTES_MAX];
    loop {
        // An error here concerns a datagram sent earlier, whose receiver is gone; the socket still
        // works.
        let Ok((length, source)) = socket.recv_from(&mut datagram).await else {
            continue;
        };
        // Forget connections that ended, so that their sources may open new ones.
        lines.retain(|_, line| !line.is_over());
        if lines.len() >= LINES_MAX && !lines.contains_key(&source) {
            continue;
        }
        let line = lines
            .entry(source)
            .or_insert_with(|| Line::open(target.clone(), socket.clone(), source));
        line.send(Bytes::copy_from_slice(&datagram[..length]));
    }
}

#[cfg(test)]
mod tests;
