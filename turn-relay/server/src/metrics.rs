//! Metrics for operators. They name no user.

use fmz_turn_core::Stats;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

type Read = fn(&Stats) -> u64;

/// A counter: its name, its label if it has one, its help, and how to read its value.
type Row = (
    &'static str,
    Option<(&'static str, &'static str)>,
    &'static str,
    Read,
);

const TO_PEER: Option<(&str, &str)> = Some(("direction", "to_peer"));
const TO_CLIENT: Option<(&str, &str)> = Some(("direction", "to_client"));

const fn cause(name: &'static str) -> Option<(&'static str, &'static str)> {
    Some(("cause", name))
}

const PACKETS: &str = "Packets relayed.";
const BYTES: &str = "Payload bytes relayed.";
const DROPPED: &str = "Packets not relayed.";

const COUNTERS: [Row; 16] = [
    ("packets_total", TO_PEER, PACKETS, |s| s.packets_to_peer),
    ("packets_total", TO_CLIENT, PACKETS, |s| s.packets_to_client),
    ("bytes_total", TO_PEER, BYTES, |s| s.bytes_to_peer),
    ("bytes_total", TO_CLIENT, BYTES, |s| s.bytes_to_client),
    ("dropped_total", cause("permission"), DROPPED, |s| {
        s.dropped_permission
    }),
    ("dropped_total", cause("policy"), DROPPED, |s| {
        s.dropped_policy
    }),
    ("dropped_total", cause("rate"), DROPPED, |s| s.dropped_rate),
    ("dropped_total", cause("malformed"), DROPPED, |s| {
        s.malformed
    }),
    (
        "hairpin_packets_total",
        None,
        "Packets between two allocations, without a socket.",
        |s| s.packets_hairpin,
    ),
    ("bindings_total", None, "Binding requests answered.", |s| {
        s.bindings
    }),
    (
        "challenges_total",
        None,
        "Requests answered 401 or 438.",
        |s| s.challenges,
    ),
    (
        "replies_withheld_total",
        None,
        "Requests not answered: their source had its share.",
        |s| s.replies_withheld,
    ),
    ("allocations_made_total", None, "Allocations made.", |s| {
        s.allocations_made
    }),
    ("allocations_ended_total", None, "Allocations ended.", |s| {
        s.allocations_ended
    }),
    (
        "opens_failed_total",
        None,
        "Relay sockets that could not be bound.",
        |s| s.opens_failed,
    ),
    (
        "revocations_forgotten_total",
        None,
        "Revoked users forgotten early.",
        |s| s.revocations_forgotten,
    ),
];

const GAUGES: [(&str, &str, Read); 2] = [
    ("allocations", "Allocations there are.", |s| s.allocations),
    ("users", "Users with an allocation, in each shard.", |s| {
        s.users
    }),
];

/// Counters of all shards together.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    counters: Vec<(IntCounter, Read)>,
    gauges: Vec<(IntGauge, Read)>,
    /// Error answers, by code.
    pub(crate) refusals: IntCounterVec,
    /// Packets that found a queue full: `kernel`, `stream`, `handoff`, `answers`.
    pub(crate) queue_drops: IntCounterVec,
    /// Connections open.
    pub(crate) connections: IntGauge,
    /// Connections closed early: `source`, `total`, `hello`, `framing`, `slow`.
    pub(crate) connections_refused: IntCounterVec,
    exported: Stats,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            counters: counters(registry)?,
            gauges: GAUGES
                .into_iter()
                .map(|(name, help, read)| Ok((gauge(registry, name, help)?, read)))
                .collect::<Result<_, prometheus::Error>>()?,
            refusals: family(registry, "refusals_total", "Error answers.", "code")?,
            queue_drops: family(
                registry,
                "queue_drops_total",
                "Packets that found a queue full.",
                "queue",
            )?,
            connections: gauge(registry, "connections", "Connections of clients.")?,
            connections_refused: family(
                registry,
                "connections_refused_total",
                "Connections closed by the relay.",
                "cause",
            )?,
            exported: Stats::default(),
        })
    }

    pub(crate) fn dropped(&self, queue: &str, packets: usize) {
        if packets > 0 {
            let counter = self.queue_drops.with_label_values(&[queue]);
            counter.inc_by(packets as u64);
        }
    }

    /// Adds one shard's counts since the last call.
    pub(crate) fn export(&mut self, stats: &Stats) {
        for (counter, read) in &self.counters {
            counter.inc_by(read(stats) - read(&self.exported));
        }
        for (gauge, read) in &self.gauges {
            let signed = |stats| i64::try_from(read(stats)).unwrap_or(i64::MAX);
            gauge.add(signed(stats) - signed(&self.exported));
        }
        let lost = stats.transmits_dropped - self.exported.transmits_dropped;
        self.dropped("answers", usize::try_from(lost).unwrap_or(usize::MAX));
        self.exported = *stats;
    }
}

fn counters(registry: &Registry) -> Result<Vec<(IntCounter, Read)>, prometheus::Error> {
    let mut families: Vec<(&str, IntCounterVec)> = Vec::new();
    let mut counters = Vec::new();
    for (name, label, help, read) in COUNTERS {
        let Some((key, value)) = label else {
            let counter = IntCounter::new(format!("fmz_turn_{name}"), help)?;
            registry.register(Box::new(counter.clone()))?;
            counters.push((counter, read));
            continue;
        };
        if families.iter().all(|(known, _)| *known != name) {
            families.push((name, family(registry, name, help, key)?));
        }
        let found = families.iter().find(|(known, _)| *known == name);
        counters.extend(found.map(|(_, family)| (family.with_label_values(&[value]), read)));
    }
    Ok(counters)
}

fn family(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
) -> Result<IntCounterVec, prometheus::Error> {
    let family = IntCounterVec::new(Opts::new(format!("fmz_turn_{name}"), help), &[label])?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(format!("fmz_turn_{name}"), help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
