//! Metrics for operators. They name no person and no room.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Bucket bounds of waits, seconds, from a memory store to a disk in trouble. They are closest
/// around one and a half ticks.
const SECONDS: [f64; 19] = [
    0.0005, 0.001, 0.002, 0.004, 0.006, 0.008, 0.012, 0.016, 0.020, 0.022, 0.025, 0.030, 0.040,
    0.05, 0.075, 0.1, 0.25, 1.0, 5.0,
];

#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) sessions: IntGauge,
    pub(crate) rooms: IntGauge,
    pub(crate) ops: IntCounter,
    pub(crate) op_latency: Histogram,
    pub(crate) append: Histogram,
    pub(crate) append_failures: IntCounter,
    pub(crate) snapshots: IntCounter,
    pub(crate) snapshot_failures: IntCounter,
    pub(crate) tokens_refused: IntCounter,
    /// By reason code.
    pub(crate) closed: IntCounterVec,
    /// By reason code.
    pub(crate) connections_refused: IntCounterVec,
    pub(crate) frames_refused: IntCounter,
    pub(crate) presence_dropped: IntCounter,
    pub(crate) diverged: IntCounter,
    /// 1 while the forwarding unit is up.
    pub(crate) media_up: IntGauge,
    pub(crate) link_overruns: IntCounter,
    pub(crate) messages: IntCounter,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name, help| register(registry, IntGauge::new(name, help)?);
        let counter = |name, help| register(registry, IntCounter::new(name, help)?);
        let seconds = |name, help| {
            let options = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
            register(registry, Histogram::with_opts(options)?)
        };
        let closed = Opts::new(
            "fmz_sessions_closed_total",
            "Sessions that ended, by reason",
        );
        let refused = Opts::new(
            "fmz_connections_refused_total",
            "Connections closed before they were served, by reason",
        );
        Ok(Self {
            sessions: gauge("fmz_sessions", "Sessions connected")?,
            rooms: gauge("fmz_rooms", "Rooms open")?,
            ops: counter("fmz_ops_total", "Operations sent out")?,
            op_latency: seconds(
                "fmz_op_latency_seconds",
                "From an operation's arrival to its being sent out",
            )?,
            append: seconds(
                "fmz_append_seconds",
                "From an append's request to its being durable",
            )?,
            append_failures: counter("fmz_append_failures_total", "Appends that failed")?,
            snapshots: counter("fmz_snapshots_total", "Snapshots of documents written")?,
            snapshot_failures: counter("fmz_snapshot_failures_total", "Snapshots that failed")?,
            tokens_refused: counter("fmz_tokens_refused_total", "Tokens that were refused")?,
            closed: register(registry, IntCounterVec::new(closed, &["reason"])?)?,
            connections_refused: register(registry, IntCounterVec::new(refused, &["reason"])?)?,
            frames_refused: counter("fmz_frames_refused_total", "Frames that could not be read")?,
            presence_dropped: counter(
                "fmz_presence_dropped_total",
                "Pointer moves dropped before slow consumers",
            )?,
            diverged: counter(
                "fmz_replicas_diverged_total",
                "Clients whose document differed from the server's",
            )?,
            media_up: gauge("fmz_media_up", "1 while the media server serves, else 0")?,
            link_overruns: counter(
                "fmz_link_overruns_total",
                "Rooms that did not keep up with the media server and replaced their transports",
            )?,
            messages: counter("fmz_messages_total", "Messages received over WebSockets")?,
        })
    }
}

fn register<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
