//! Reads the header by which a proxy names the client of a connection (PROXY protocol, versions 1
//! and 2).

use super::refusal::Refusal;
use ppp::{v1, v2};
use std::net::SocketAddr;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};

/// Longest line of version 1, by its specification.
const V1_BYTES_MAX: u64 = 107;
/// First byte of version 1: the P of PROXY.
const V1_FIRST: u8 = b'P';
/// Bytes of version 2 up to its length, inclusive.
const V2_HEAD_BYTES: usize = 16;
/// Longest body of version 2. Addresses take 216 bytes at most; the rest holds extensions that some
/// proxies add, at worst certificates.
const V2_BODY_BYTES_MAX: usize = 2_048;

/// The two ends of a connection, as its client sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// Reads the header and not a byte more. Returns `None` if the connection is the proxy's own.
pub(super) async fn read(io: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Ends>, Refusal> {
    let first = io.fill_buf().await.map_err(|_| Refusal::Gone)?;
    if first.first() == Some(&V1_FIRST) {
        read_v1(io).await
    } else {
        read_v2(io).await
    }
}

async fn read_v1(io: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Ends>, Refusal> {
    let mut line = Vec::new();
    let read = io.take(V1_BYTES_MAX).read_until(b'\n', &mut line).await;
    read.map_err(|_| Refusal::ProxyHeader)?;
    let header = v1::Header::try_from(&*line).map_err(|_| Refusal::ProxyHeader)?;
    Ok(match header.addresses {
        v1::Addresses::Unknown => None,
        v1::Addresses::Tcp4(ends) => Some(v4(ends)),
        v1::Addresses::Tcp6(ends) => Some(v6(ends)),
    })
}

async fn read_v2(io: &mut (impl AsyncRead + Unpin)) -> Result<Option<Ends>, Refusal> {
    let mut header = vec![0; V2_HEAD_BYTES];
    let read = io.read_exact(&mut header).await;
    read.map_err(|_| Refusal::ProxyHeader)?;
    let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
    if !header.starts_with(v2::PROTOCOL_PREFIX) || length > V2_BODY_BYTES_MAX {
        return Err(Refusal::ProxyHeader);
    }
    header.resize(V2_HEAD_BYTES + length, 0);
    let read = io.read_exact(&mut header[V2_HEAD_BYTES..]).await;
    read.map_err(|_| Refusal::ProxyHeader)?;
    let header = v2::Header::try_from(&*header).map_err(|_| Refusal::ProxyHeader)?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(ends)) => Some(v4(ends)),
        (v2::Command::Proxy, v2::Addresses::IPv6(ends)) => Some(v6(ends)),
        _ => None,
    })
}

fn v4(ends: v2::IPv4) -> Ends {
    Ends {
        peer: (ends.source_address, ends.source_port).into(),
        local: (ends.destination_address, ends.destination_port).into(),
    }
}

fn v6(ends: v2::IPv6) -> Ends {
    Ends {
        peer: (ends.source_address, ends.source_port).into(),
        local: (ends.destination_address, ends.destination_port).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn ends(mut bytes: &[u8]) -> (Result<Option<Ends>, Refusal>, &[u8]) {
        let read = read(&mut bytes).await;
        (read, bytes)
    }

    fn v2_header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut header = v2::PROTOCOL_PREFIX.to_vec();
        header.extend([0x20 | command, family]);
        header.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        header.extend(body);
        header
    }

    const V4_BODY: [u8; 12] = [192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x34, 1, 187];

    #[tokio::test]
    async fn front6_both_versions_tell_the_ends_and_nothing_behind_is_read() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\nGET".to_vec();
        let mut binary = v2_header(1, 0x11, &V4_BODY);
        binary.extend(b"GET");
        let told = Ends {
            peer: "192.0.2.1:4660".parse().unwrap(),
            local: "192.0.2.2:443".parse().unwrap(),
        };
        for header in [line, binary] {
            assert_eq!(ends(&header).await, (Ok(Some(told)), &b"GET"[..]));
        }
        let (six, _) = ends(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n").await;
        assert_eq!(six.unwrap().unwrap().peer.to_string(), "[2001:db8::1]:1");
    }

    #[tokio::test]
    async fn front6_the_own_connection_of_a_proxy_tells_no_ends() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            v2_header(0, 0x11, &V4_BODY),
            v2_header(1, 0x00, &[]),
        ] {
            assert_eq!(ends(&header).await.0, Ok(None));
        }
    }

    #[tokio::test]
    async fn front6_a_header_that_is_wrong_too_long_or_absent_is_refused() {
        let long = format!("PROXY TCP4 {}\r\n", "1".repeat(200));
        for header in [
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 4660\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 66000 443\r\n".to_vec(),
            long.into_bytes(),
            v2_header(1, 0x11, &V4_BODY[..11]),
            v2_header(1, 0x11, &[0; V2_BODY_BYTES_MAX + 1]),
            v2_header(5, 0x11, &V4_BODY),
            v2::PROTOCOL_PREFIX.to_vec(),
        ] {
            assert_eq!(ends(&header).await.0, Err(Refusal::ProxyHeader));
        }
    }

    proptest! {
        #[test]
        fn front6_no_bytes_panic(start in 0..3_usize, rest: Vec<u8>) {
            let starts: [&[u8]; 3] = [b"", b"PROXY ", v2::PROTOCOL_PREFIX];
            let bytes = [starts[start], &rest].concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(ends(&bytes));
        }
    }
}
