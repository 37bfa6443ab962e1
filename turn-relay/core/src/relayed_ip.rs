//! The address under which peers reach the relay.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address for relayed transport addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayedIp {
    /// Address to which the sockets are bound.
    pub bind: IpAddr,
    /// Address that clients and peers are told: behind a 1:1 translator, another one of the same
    /// family.
    pub announced: IpAddr,
}

impl RelayedIp {
    /// Chooses one address of each family: the first that the operator has `given`, else the best
    /// of the machine's `own`. If a given address is not the machine's, a translator stands before
    /// it, so it is announced only.
    pub fn choose(given: &[IpAddr], own: &[IpAddr]) -> Vec<Self> {
        let families = [IpAddr::is_ipv4, IpAddr::is_ipv6];
        let chosen = families.map(|family| Self::of_family(given, own, family));
        chosen.into_iter().flatten().collect()
    }

    fn of_family(given: &[IpAddr], own: &[IpAddr], family: fn(&IpAddr) -> bool) -> Option<Self> {
        let local = best(own.iter().copied().filter(family));
        let announced = given.iter().copied().find(family).or(local)?;
        let bind = if own.contains(&announced) {
            announced
        } else {
            local.unwrap_or_else(|| wildcard(announced))
        };
        Some(Self { bind, announced })
    }
}

/// Returns the address that most machines can reach: loopback only if there is no other, link-local
/// never.
fn best(own: impl Iterator<Item = IpAddr>) -> Option<IpAddr> {
    own.filter(|ip| !is_link_local(ip)).min_by_key(rank)
}

fn rank(ip: &IpAddr) -> u8 {
    match ip {
        ip if ip.is_loopback() => 2,
        IpAddr::V6(ip) if ip.is_unique_local() => 1,
        IpAddr::V4(ip) if ip.is_private() => 1,
        _ => 0,
    }
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn wildcard(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(given: &[&str], own: &[&str]) -> Vec<String> {
        let ips = |list: &[&str]| {
            list.iter()
                .map(|ip| ip.parse().unwrap())
                .collect::<Vec<_>>()
        };
        let relayed = RelayedIp::choose(&ips(given), &ips(own));
        let text = |one: &RelayedIp| format!("{}<-{}", one.bind, one.announced);
        relayed.iter().map(text).collect()
    }

    #[test]
    fn the_machines_own_address_is_taken_unless_another_is_given() {
        let own = [
            "127.0.0.1",
            "169.254.1.1",
            "10.0.0.5",
            "198.51.100.7",
            "::1",
        ];
        assert_eq!(
            picked(&[], &own),
            ["198.51.100.7<-198.51.100.7", "::1<-::1"]
        );
        assert_eq!(picked(&["10.0.0.5"], &own)[0], "10.0.0.5<-10.0.0.5");
        assert_eq!(
            picked(&["203.0.113.1"], &own)[0],
            "198.51.100.7<-203.0.113.1"
        );
        assert_eq!(picked(&[], &["127.0.0.1"]), ["127.0.0.1<-127.0.0.1"]);
        let no_v6 = picked(&["2001:db8::1"], &["10.0.0.5"]);
        assert_eq!(no_v6, ["10.0.0.5<-10.0.0.5", "::<-2001:db8::1"]);
        assert!(picked(&[], &["fe80::1"]).is_empty());
    }
}
