//! The least that forwarding can cost on this machine: a header, one AEAD seal and a segmented send
//! for every packet, with nothing decided and nothing remembered.

use crate::clip::PAYLOAD_BYTES;
use crate::cpu;
use crate::publisher::BATCH_PACKETS;
use crate::socket::Socket;
use anyhow::{Context, Result, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use quinn_udp::{Transmit, UdpSocketState};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Bytes of an RTP header with the extensions of a forwarded packet (RFC 3550 section 5.1, RFC
/// 8285).
const HEADER_BYTES: usize = 32;
/// Bytes of the authentication tag (RFC 7714).
const TAG_BYTES: usize = 16;
const PACKET_BYTES: usize = HEADER_BYTES + PAYLOAD_BYTES + TAG_BYTES;
/// Length of the measurement.
const DURATION: Duration = Duration::from_secs(4);
const LOCALHOST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Returns microseconds of processor time per packet, sent to `receivers` sockets that are read.
pub(super) async fn run(receivers: usize) -> Result<f64> {
    let sockets = (0..receivers)
        .map(|_| Socket::bind(LOCALHOST))
        .collect::<Result<Vec<_>>>()?;
    let destinations: Vec<SocketAddr> = sockets.iter().map(Socket::local).collect();
    let readers: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(read(socket)))
        .collect();
    let sender = tokio::task::spawn_blocking(move || send(&destinations));
    let cost = sender.await.context("the sender panicked")?;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    cost
}

async fn read(socket: Socket) -> Result<()> {
    loop {
        socket.readable().await?;
        socket.receive(|_| Ok(()))?;
    }
}

fn send(destinations: &[SocketAddr]) -> Result<f64> {
    let socket = UdpSocket::bind(LOCALHOST)?;
    let state = UdpSocketState::new((&socket).into())?;
    socket.set_nonblocking(false)?;
    let mut batch = Batch::new()?;
    let (begin, before) = (Instant::now(), cpu::of_this_thread()?);
    let mut packets = 0;
    while begin.elapsed() < DURATION {
        for destination in destinations {
            let contents = batch.seal(packets)?;
            let segment_size = Some(PACKET_BYTES);
            let transmit = Transmit {
                destination: *destination,
                ecn: None,
                contents,
                segment_size,
                src_ip: None,
            };
            state
                .try_send((&socket).into(), &transmit)
                .context("send a batch")?;
            packets += BATCH_PACKETS;
        }
    }
    let spent = cpu::of_this_thread()? - before;
    Ok(spent.as_secs_f64() * 1e6 / packets as f64)
}

/// Packets of one send, side by side.
struct Batch {
    key: LessSafeKey,
    payload: [u8; PAYLOAD_BYTES],
    bytes: Vec<u8>,
}

impl Batch {
    fn new() -> Result<Self> {
        let key =
            UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| anyhow!("no AES-256-GCM here"))?;
        let bytes = vec![0; PACKET_BYTES * BATCH_PACKETS as usize];
        Ok(Self {
            key: LessSafeKey::new(key),
            payload: [0x5a; PAYLOAD_BYTES],
            bytes,
        })
    }

    fn seal(&mut self, first: u64) -> Result<&[u8]> {
        for (number, packet) in (first..).zip(self.bytes.chunks_mut(PACKET_BYTES)) {
            let (header, rest) = packet.split_at_mut(HEADER_BYTES);
            let (payload, tag) = rest.split_at_mut(PAYLOAD_BYTES);
            header[..8].copy_from_slice(&number.to_be_bytes());
            payload.copy_from_slice(&self.payload);
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&number.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            let sealed = self
                .key
                .seal_in_place_separate_tag(nonce, Aad::from(&*header), payload);
            tag.copy_from_slice(sealed.map_err(|_| anyhow!("seal a packet"))?.as_ref());
        }
        Ok(&self.bytes)
    }
}
