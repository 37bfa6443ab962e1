//! Addresses that no peer on the public internet has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Prefixes and their lengths: ranges that IANA's special-purpose registry does not call globally
/// reachable, and addresses that stand for many hosts.
const DENIED_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Such ranges of IPv6. Addresses that contain an IPv4 one are listed if nothing can be sent to
/// them; for the others see [`embedded`].
const DENIED_V6: &[([u16; 8], u8)] = &[
    // Unspecified, loopback, and IPv4 in its last 32 bits, deprecated.
    ([0, 0, 0, 0, 0, 0, 0, 0], 96),
    // IPv4-mapped: a way to write an address, but not to send to one.
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
    // Local use of NAT64: its prefix leads wherever the operator chose.
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    // Protocol assignments, Teredo among them.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
];

/// Returns whether `ip` is a global unicast address. An IPv6 address that is translated to IPv4
/// must also lead to one.
pub(super) fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip) && embedded(ip).is_none_or(is_global_v4),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    !DENIED_V4.iter().any(|(net, prefix)| {
        let difference = Ipv4Addr::from(*net).to_bits() ^ ip.to_bits();
        difference.leading_zeros() >= u32::from(*prefix)
    })
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    !DENIED_V6.iter().any(|(net, prefix)| {
        let difference = Ipv6Addr::from(*net).to_bits() ^ ip.to_bits();
        difference.leading_zeros() >= u32::from(*prefix)
    })
}

/// Returns the IPv4 address that an IPv6 one is written for or translated to: mapped, compatible,
/// NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380, the client's).
pub(super) fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = ip.to_bits();
    let low = bits as u32;
    let v4 = match ip.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => low,
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => low,
        [0x64, 0xff9b, 1, ..] => low,
        [0x2002, ..] => (bits >> 80) as u32,
        [0x2001, 0, ..] => !low,
        _ => return None,
    };
    Some(v4.into())
}
