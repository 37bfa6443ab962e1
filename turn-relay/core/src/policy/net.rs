//! Ranges of addresses.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses with a common prefix: `10.0.0.0/8`, `2001:db8::/32`, or one address without `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNet {
    address: IpAddr,
    prefix: u8,
}

impl IpNet {
    /// Makes the range that agrees with `address` in its first `prefix` bits; `None` above 32 or
    /// 128.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Returns its address, if it is only one.
    pub(crate) fn host(&self) -> Option<IpAddr> {
        let bits = if self.address.is_ipv4() { 32 } else { 128 };
        (self.prefix == bits).then_some(self.address)
    }

    /// Returns whether `ip` is in the range. An IPv6 address that contains an IPv4 one does not
    /// count as that one.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                (net.to_bits() ^ ip.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                (net.to_bits() ^ ip.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

impl From<IpAddr> for IpNet {
    fn from(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }
}

impl FromStr for IpNet {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = "not an address or a range of addresses";
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(|ip: IpAddr| ip.into()).map_err(|_| bad);
        };
        let address = address.parse().map_err(|_| bad)?;
        let prefix = prefix.parse().map_err(|_| bad)?;
        Self::new(address, prefix).ok_or(bad)
    }
}
