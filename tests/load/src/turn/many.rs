//! Many allocations at once: what one takes in memory, and what they add to a datagram's cost.

use super::Options;
use super::allocation::Allocation;
use super::load::{Load, Order, Outcome, Peer};
use super::relay::{Kind, Programs, Relay};
use super::sink::Sink;
use crate::report::{figure, progress};
use anyhow::{Context, Result};

/// Allocations of the run that the growth is compared with.
const FEW: u32 = 100;

/// Fills a relay and prints its figures.
pub(super) fn run(options: &Options, programs: &Programs, kind: Kind) -> Result<()> {
    let name = kind.name();
    progress(&format!("{name}: {} allocations", options.allocations));
    let relay = Relay::start(kind, programs)?;
    let mut sink = Sink::open(false)?;
    let mut clients = open(&relay, &sink, 0..FEW)?;
    let few = send(options, &relay, &clients, &mut sink)?;
    let before = relay.memory()?;
    clients.extend(open(&relay, &sink, FEW..options.allocations)?);
    let grown = relay.memory()?.saturating_sub(before);
    let all = send(options, &relay, &clients, &mut sink)?;
    let part = send(options, &relay, &clients[..FEW as usize], &mut sink)?;
    let each = grown as f64 / f64::from(options.allocations - FEW);
    figure(&format!("{name}_alloc_bytes"), each, "bytes");
    let growth = |many: &Outcome| many.us_per_packet() / few.us_per_packet();
    figure(&format!("{name}_cost_growth_10k"), growth(&part), "ratio");
    figure(
        &format!("{name}_cost_growth_10k_sending"),
        growth(&all),
        "ratio",
    );
    figure(&format!("{name}_10k_lost"), all.lost() as f64, "packets");
    Ok(())
}

fn open(relay: &Relay, sink: &Sink, numbers: std::ops::Range<u32>) -> Result<Vec<Allocation>> {
    numbers
        .map(|number| {
            Allocation::open(relay.address, sink.address, number)
                .with_context(|| format!("allocation {number}"))
        })
        .collect()
}

fn send(
    options: &Options,
    relay: &Relay,
    clients: &[Allocation],
    sink: &mut Sink,
) -> Result<Outcome> {
    Load::new(
        relay,
        clients,
        Peer::Sink(sink),
        options.shape(Order::Turns),
    )
    .run()
}
