//! Under which addresses peers reach the relay.

use fmz_turn::RelayedIp;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Picks one address of each family: a given one, else one of the machine's own. One that is not the machine's is announced,
/// and the socket is bound to all addresses: a translator stands before it.
pub(crate) fn relayed(given: &[IpAddr], own: &[IpAddr]) -> Vec<RelayedIp> {
    let families = [IpAddr::is_ipv4, IpAddr::is_ipv6];
    families
        .iter()
        .filter_map(|family| {
            let of_family = |list: &[IpAddr]| list.iter().copied().find(family);
            let own_one = best(own.iter().copied().filter(family));
            let announced = of_family(given).or(own_one)?;
            let bind = if own.contains(&announced) {
                announced
            } else {
                wildcard(announced)
            };
            Some(RelayedIp { bind, announced })
        })
        .collect()
}

/// The address that other machines reach first; loopback where there is no other, link-local never.
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
        let relayed = relayed(&ips(given), &ips(own));
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
        assert_eq!(picked(&["203.0.113.1"], &own)[0], "0.0.0.0<-203.0.113.1");
        assert_eq!(picked(&[], &["127.0.0.1"]), ["127.0.0.1<-127.0.0.1"]);
        assert_eq!(picked(&["2001:db8::1"], &["10.0.0.5"]).len(), 2);
        assert!(picked(&[], &["fe80::1"]).is_empty());
    }
}
