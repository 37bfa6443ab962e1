//! Translates between the addresses announced to clients and those that the kernel knows.

use crate::config::Config;
use fmz_net::Socket;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Addresses announced to a client, which checks each of them.
const CANDIDATES_MAX: usize = 8;

/// Announced addresses and the machine's own.
#[derive(Debug)]
pub(crate) struct AddressBook {
    candidates: Vec<SocketAddr>,
    own: Vec<IpAddr>,
}

impl AddressBook {
    pub(crate) fn new(config: &Config, bound: SocketAddr) -> io::Result<Self> {
        let interfaces = if_addrs::get_if_addrs()?;
        let own = interfaces.iter().map(if_addrs::Interface::ip).collect();
        Ok(Self::with_own(config, bound, own))
    }

    fn with_own(config: &Config, bound: SocketAddr, own: Vec<IpAddr>) -> Self {
        let wildcard = bound.ip().is_unspecified();
        let announced = match &config.announced {
            given if !given.is_empty() => given.clone(),
            _ if wildcard => far_before_near(&own),
            _ => vec![bound.ip()],
        };
        let all = config.public_addresses.iter().chain(&announced);
        let mut candidates = Vec::new();
        for ip in all.filter(|ip| bound.is_ipv6() || ip.is_ipv4()) {
            let candidate = SocketAddr::new(*ip, bound.port());
            if !candidates.contains(&candidate) && candidates.len() < CANDIDATES_MAX {
                candidates.push(candidate);
            }
        }
        let own = if wildcard { own } else { vec![bound.ip()] };
        Self { candidates, own }
    }

    pub(crate) fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// Returns the announced address for one that a datagram came to: the same, or the first of its
    /// family.
    pub(crate) fn announced(&self, local: SocketAddr) -> SocketAddr {
        if self.candidates.contains(&local) {
            return local;
        }
        let same_family = |candidate: &&SocketAddr| candidate.is_ipv4() == local.is_ipv4();
        let stand_in = self.candidates.iter().find(same_family);
        stand_in.copied().unwrap_or(local)
    }

    /// Returns the address to send from: one of the machine's own, else the kernel's choice.
    pub(crate) fn source(&self, announced: SocketAddr) -> IpAddr {
        let ip = announced.ip();
        if self.own.contains(&ip) {
            ip
        } else {
            Socket::ANY_SOURCE
        }
    }
}

/// Returns the usable addresses; those that other machines can reach come first.
fn far_before_near(own: &[IpAddr]) -> Vec<IpAddr> {
    let link_local = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let (near, far): (Vec<IpAddr>, Vec<IpAddr>) = own
        .iter()
        .filter(|ip| !link_local(ip))
        .partition(|ip| ip.is_loopback());
    far.into_iter().chain(near).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(listen: &str, announced: &[&str], public: &[&str]) -> AddressBook {
        let ips = |list: &[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        let bound = listen.parse().unwrap();
        let config = Config {
            media_listen: bound,
            announced: ips(announced),
            public_addresses: ips(public),
        };
        let own = ips(&["127.0.0.1", "10.0.0.5", "169.254.1.1", "fd00::5"]);
        AddressBook::with_own(&config, bound, own)
    }

    fn announced(listen: &str, announced: &[&str], public: &[&str]) -> Vec<String> {
        let book = book(listen, announced, public);
        book.candidates().iter().map(|c| c.to_string()).collect()
    }

    #[test]
    fn sfu15_the_machines_own_addresses_are_announced_unless_told_otherwise() {
        let own = announced("0.0.0.0:7", &[], &[]);
        assert_eq!(own, ["10.0.0.5:7", "127.0.0.1:7"]);
        assert_eq!(announced("127.0.0.1:7", &[], &[]), ["127.0.0.1:7"]);
        assert_eq!(announced("0.0.0.0:7", &["10.1.1.1"], &[]), ["10.1.1.1:7"]);
        let public = announced("127.0.0.1:7", &[], &["192.0.2.1"]);
        assert_eq!(public, ["192.0.2.1:7", "127.0.0.1:7"]);
        assert_eq!(announced("[::]:7", &[], &[]).len(), 3);
    }

    #[test]
    fn sfu15_a_translated_address_is_mapped_both_ways() {
        let book = book("0.0.0.0:7", &["192.0.2.1"], &[]);
        let real: SocketAddr = "10.0.0.5:7".parse().unwrap();
        let told: SocketAddr = "192.0.2.1:7".parse().unwrap();
        assert_eq!(book.announced(real), told);
        assert_eq!(book.source(told), Socket::ANY_SOURCE);
        assert_eq!(book.source(real), real.ip());
    }
}
