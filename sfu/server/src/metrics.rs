//! The metrics of a shard.

use fmz_sfu_core::Stats;
use prometheus::local::LocalHistogram;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry};
use std::time::Duration;

/// Bounds of the forwarding delay, seconds: from one system call to the longest that pacing may
/// hold a packet.
const FORWARD_BUCKETS: [f64; 13] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
];

type Read = fn(&Stats) -> u64;

/// Counters and gauges that follow a shard's [`Stats`], and the histogram of its delays.
pub(crate) struct Metrics {
    counters: Vec<(IntCounter, Read)>,
    gauges: Vec<(IntGauge, Read)>,
    /// Shards that were started again after a fault.
    pub(crate) restarts: IntCounter,
    unsent: IntCounter,
    unhanded: IntCounter,
    forward: LocalHistogram,
    exported: Stats,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters: [(&str, &str, Read); 11] = [
            ("packets_in_total", "RTP packets from publishers.", |s| {
                s.packets_in
            }),
            ("packets_out_total", "RTP packets to subscribers.", |s| {
                s.packets_out
            }),
            ("bytes_in_total", "Datagram bytes received.", |s| s.bytes_in),
            ("bytes_out_total", "Datagram bytes sent.", |s| s.bytes_out),
            (
                "datagrams_refused_total",
                "Datagrams of no transport.",
                |s| s.datagrams_refused,
            ),
            ("nacks_total", "Negative acknowledgements both ways.", |s| {
                s.nacks
            }),
            ("plis_in_total", "Keyframe requests of subscribers.", |s| {
                s.plis_in
            }),
            ("plis_out_total", "Keyframe requests to publishers.", |s| {
                s.plis_out
            }),
            ("queue_drops_total", "Queues that ran over.", |s| {
                s.queue_drops
            }),
            (
                "messages_late_total",
                "Messages of rooms for a media thread that is gone.",
                |s| s.messages_late,
            ),
            ("faults_total", "Transports ended by a fault.", |s| s.panics),
        ];
        let gauges: [(&str, &str, Read); 4] = [
            (
                "packets_lost",
                "RTP packets of publishers still missing.",
                |s| s.packets_lost,
            ),
            ("rooms", "Rooms with a transport.", |s| s.rooms),
            ("transports", "Open transports.", |s| s.transports),
            ("publications", "Publications that run.", |s| s.publications),
        ];
        let options = HistogramOpts::new(
            "fmz_sfu_forward_seconds",
            "From a packet's arrival to its hand-over to the kernel, pacing included.",
        );
        let forward = Histogram::with_opts(options.buckets(FORWARD_BUCKETS.to_vec()))?;
        registry.register(Box::new(forward.clone()))?;
        Ok(Self {
            counters: counters
                .into_iter()
                .map(|(name, help, read)| Ok((counter(registry, name, help)?, read)))
                .collect::<Result<_, prometheus::Error>>()?,
            gauges: gauges
                .into_iter()
                .map(|(name, help, read)| Ok((gauge(registry, name, help)?, read)))
                .collect::<Result<_, prometheus::Error>>()?,
            restarts: counter(
                registry,
                "restarts_total",
                "Restarts of the media thread after a fault.",
            )?,
            unsent: counter(registry, "datagrams_unsent_total", "Refused by the kernel.")?,
            unhanded: counter(
                registry,
                "relay_drops_total",
                "Datagrams to the relay in this process that found its queue full.",
            )?,
            forward: forward.local(),
            exported: Stats::default(),
        })
    }

    pub(crate) fn forwarded(&self, delay: Duration) {
        self.forward.observe(delay.as_secs_f64());
    }

    pub(crate) fn refused(&self, datagrams: usize) {
        self.unsent.inc_by(datagrams as u64);
    }

    pub(crate) fn unhanded(&self, datagrams: usize) {
        self.unhanded.inc_by(datagrams as u64);
    }

    /// Notes that the shard is gone. The next one counts from zero.
    pub(crate) fn forget_shard(&mut self) {
        self.exported = Stats::default();
        for (gauge, _) in &self.gauges {
            gauge.set(0);
        }
    }

    /// Makes what was counted since the last call visible.
    pub(crate) fn export(&mut self, stats: Stats) {
        for (counter, read) in &self.counters {
            counter.inc_by(read(&stats) - read(&self.exported));
        }
        for (gauge, read) in &self.gauges {
            gauge.set(read(&stats).try_into().unwrap_or(i64::MAX));
        }
        self.forward.flush();
        self.exported = stats;
    }
}

fn counter(registry: &Registry, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
    let counter = IntCounter::new(format!("fmz_sfu_{name}"), help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(format!("fmz_sfu_{name}"), help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}
