//! A policy prepared for fast checks.

use super::{PeerRule, Policy, PolicyMode, deny};
use crate::config::Config;
use crate::hash::{Keyed, Map};
use crate::limits::RULES_MAX;
use crate::relayed_ip::RelayedIp;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Lowest port of a peer if any peer is allowed: below it are services, not media.
const PUBLIC_PORT_MIN: u16 = 1024;

/// A policy in the form that is checked.
#[derive(Debug)]
pub(crate) struct PeerFilter {
    public: bool,
    hosts: Map<IpAddr, Vec<RangeInclusive<u16>>>,
    nets: Vec<PeerRule>,
    own: Vec<IpAddr>,
    relayed: Vec<RelayedIp>,
    relayed_ports: RangeInclusive<u16>,
}

impl PeerFilter {
    pub(crate) fn new(config: &Config, hasher: Keyed) -> Self {
        let policy = &config.policy;
        let mut filter = Self {
            public: policy.mode == PolicyMode::Public,
            hosts: Map::with_hasher(hasher),
            nets: Vec::new(),
            own: policy.own.clone(),
            relayed: config.relayed.clone(),
            relayed_ports: config.ports.clone(),
        };
        rules(policy)
            .take(RULES_MAX)
            .for_each(|rule| filter.add(rule));
        filter
    }

    fn add(&mut self, rule: &PeerRule) {
        match rule.net.host() {
            Some(ip) => self.hosts.entry(ip).or_default().push(rule.ports.clone()),
            None => self.nets.push(rule.clone()),
        }
    }

    /// Returns whether this peer may be sent to, and may send.
    pub(crate) fn admits(&self, peer: SocketAddr) -> bool {
        let named = |ports: &RangeInclusive<u16>| ports.contains(&peer.port());
        let ip = peer.ip();
        self.names_host(peer)
            || self.is_relayed(ip) && named(&self.relayed_ports)
            || self
                .nets
                .iter()
                .any(|rule| rule.net.contains(ip) && named(&rule.ports))
            || self.is_public(ip) && peer.port() >= PUBLIC_PORT_MIN
    }

    /// Returns whether a rule names exactly this address and port.
    pub(crate) fn names_host(&self, peer: SocketAddr) -> bool {
        let ports = self.hosts.get(&peer.ip());
        ports.is_some_and(|ports| ports.iter().any(|ports| ports.contains(&peer.port())))
    }

    /// Returns whether any port of this address is allowed: a permission is for an address.
    pub(crate) fn admits_ip(&self, ip: IpAddr) -> bool {
        self.is_relayed(ip)
            || self.hosts.contains_key(&ip)
            || self.nets.iter().any(|rule| rule.net.contains(ip))
            || self.is_public(ip)
    }

    fn is_public(&self, ip: IpAddr) -> bool {
        self.public && deny::is_global(ip) && !self.is_own(ip)
    }

    /// Returns whether an address is the relay's own, in any spelling.
    fn is_own(&self, ip: IpAddr) -> bool {
        let embedded = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => deny::embedded(ip).map(IpAddr::V4),
        };
        let is = |own: &IpAddr| *own == ip || Some(*own) == embedded;
        let relayed = self
            .relayed
            .iter()
            .flat_map(|relayed| [relayed.bind, relayed.announced]);
        self.own.iter().any(is) || relayed.into_iter().any(|relayed| is(&relayed))
    }

    fn is_relayed(&self, ip: IpAddr) -> bool {
        self.relayed.iter().any(|relayed| relayed.announced == ip)
    }
}

/// Returns the rules that hold in the policy's mode.
pub(crate) fn rules(policy: &Policy) -> impl Iterator<Item = &PeerRule> {
    let listed = policy
        .peers
        .iter()
        .filter(|_| policy.mode == PolicyMode::List);
    policy.platform.iter().chain(listed)
}
