//! Many allocations at once: memory for each, and their effect on a datagram's cost.

use super::Options;
use super::allocation::Allocation;
use super::load::{Load, Order, Outcome, Peer, typical};
use super::relay::{Kind, Programs, Relay};
use super::sink::Sink;
use crate::report::{figure, progress};
use anyhow::{Context, Result};

/// Allocations of the run with which the growth is compared.
const FEW: u32 = 100;

/// Costs of sending, in each round.
#[derive(Default)]
struct Costs {
    /// Few clients, on a relay that has no others.
    few: Vec<Outcome>,
    /// As few clients, on a relay that is full.
    part: Vec<Outcome>,
    /// All clients of the full relay.
    all: Vec<Outcome>,
}

/// Fills a relay and prints its figures, beside one that is not full.
pub(super) fn run(options: &Options, programs: &Programs, kind: Kind) -> Result<()> {
    let name = kind.name();
    progress(&format!("{name}: {} allocations", options.allocations));
    let (calm, full) = (Relay::start(kind, programs)?, Relay::start(kind, programs)?);
    let mut sink = Sink::open(false)?;
    let few = open(&calm, &sink, 0..FEW)?;
    let mut clients = open(&full, &sink, 0..FEW)?;
    // Memory that a relay takes for its first datagrams does not count for allocations.
    send(options, &full, &clients, &mut sink)?;
    let before = full.memory()?;
    clients.extend(open(&full, &sink, FEW..options.allocations)?);
    let grown = full.memory()?.saturating_sub(before);
    let mut costs = Costs::default();
    for round in 1..=options.rounds {
        progress(&format!("{name}: round {round} of sending"));
        costs.few.push(send(options, &calm, &few, &mut sink)?);
        let part = &clients[..FEW as usize];
        costs.part.push(send(options, &full, part, &mut sink)?);
        costs.all.push(send(options, &full, &clients, &mut sink)?);
    }
    let each = grown as f64 / f64::from(options.allocations - FEW);
    figure(&format!("{name}_alloc_bytes"), each, "bytes");
    print(name, costs);
    Ok(())
}

fn print(name: &str, costs: Costs) {
    let [few, part, all] = [costs.few, costs.part, costs.all].map(typical);
    let growth = |many: &Outcome| many.us_per_packet() / few.us_per_packet();
    figure(&format!("{name}_cost_growth_10k"), growth(&part), "ratio");
    figure(
        &format!("{name}_cost_growth_10k_sending"),
        growth(&all),
        "ratio",
    );
    figure(&format!("{name}_10k_lost"), all.lost() as f64, "packets");
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
