//! A policy made ready to be asked for every packet.

use super::{PeerRule, Policy, PolicyMode, deny};
use crate::config::Config;
use crate::hash::{Keyed, Map};
use crate::limits::RULES_MAX;
use crate::relayed_ip::RelayedIp;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Lowest port of a peer where any peer is allowed: below it are services, not media.
const PUBLIC_PORT_MIN: u16 = 1024;

/// What a policy comes to.
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

    /// Whether this peer may be reached and heard.
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

    /// Whether a rule names this very address and port.
    pub(crate) fn names_host(&self, peer: SocketAddr) -> bool {
        let ports = self.hosts.get(&peer.ip());
        ports.is_some_and(|ports| ports.iter().any(|ports| ports.contains(&peer.port())))
    }

    /// Whether any port of this address may be reached: a permission is for an address.
    pub(crate) fn admits_ip(&self, ip: IpAddr) -> bool {
        self.is_relayed(ip)
            || self.hosts.contains_key(&ip)
            || self.nets.iter().any(|rule| rule.net.contains(ip))
            || self.is_public(ip)
    }

    fn is_public(&self, ip: IpAddr) -> bool {
        self.public && deny::is_global(ip) && !self.is_own(ip)
    }

    /// In every spelling.
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

/// The rules that hold in the policy's mode.
pub(crate) fn rules(policy: &Policy) -> impl Iterator<Item = &PeerRule> {
    let listed = policy
        .peers
        .iter()
        .filter(|_| policy.mode == PolicyMode::List);
    policy.platform.iter().chain(listed)
}
