//! ICMP errors, read from the kernel's queue of errors.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, SockaddrStorage, recvmsg};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

/// Origin of an error that an ICMP message brought (`SO_EE_ORIGIN_ICMP`, `SO_EE_ORIGIN_ICMP6`);
/// other errors come from this machine.
const ICMP_ORIGINS: [u8; 2] = [2, 3];

/// Bytes for the data that the kernel writes beside an error: the error, its sender, and addresses
/// and times as for any datagram.
const CONTROL_BYTES: usize = 512;

/// An error that the network reports about a datagram that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathError {
    /// Destination of the datagram.
    pub destination: SocketAddr,
    /// Type of the ICMP or ICMPv6 message.
    pub kind: u8,
    /// Code of the message.
    pub code: u8,
    /// Further word of the message: if the datagram was too long, the bytes that the next link
    /// takes; otherwise 0.
    pub info: u32,
}

/// Takes the oldest error of `socket` that came from the network, and drops others.
pub(crate) fn take(socket: &impl AsRawFd) -> io::Result<Option<PathError>> {
    loop {
        let mut space = vec![0; CONTROL_BYTES];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let fd = socket.as_raw_fd();
        match recvmsg::<SockaddrStorage>(fd, &mut [], Some(&mut space), flags) {
            Ok(message) => {
                if let Some(error) = read(&message)? {
                    return Ok(Some(error));
                }
            }
            Err(nix::errno::Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

fn read(message: &RecvMsg<'_, '_, SockaddrStorage>) -> io::Result<Option<PathError>> {
    let Some(destination) = message.address.as_ref().and_then(address) else {
        return Ok(None);
    };
    let of_icmp = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            ICMP_ORIGINS.contains(&error.ee_origin).then_some(error)
        }
        _ => None,
    });
    Ok(of_icmp.map(|error| PathError {
        destination,
        kind: error.ee_type,
        code: error.ee_code,
        info: error.ee_info,
    }))
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage
        .as_sockaddr_in()
        .map(|v4| SocketAddr::V4((*v4).into()));
    let v6 = || {
        storage
            .as_sockaddr_in6()
            .map(|v6| SocketAddr::V6((*v6).into()))
    };
    let address = v4.or_else(v6)?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}
