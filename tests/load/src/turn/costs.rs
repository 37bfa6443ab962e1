//! Processor time for each relayed datagram.

use super::Options;
use super::allocation::Allocation;
use super::load::{Load, Order, Outcome, Peer, typical};
use super::relay::{Kind, Programs, Relay};
use super::sink::Sink;
use crate::report::{figure, progress};
use anyhow::{Context, Result};
use std::collections::HashMap;

/// A way to load a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(super) enum Way {
    /// One datagram of each client in turn, to one peer.
    Plain,
    /// Bursts of one client, to a peer that accepts joined datagrams.
    Bursts,
    /// Bursts of one client, to a peer that receives each datagram by itself.
    BurstsSplit,
    /// Bursts to the forwarding unit in the relay's own process.
    InProcess,
}

impl Way {
    /// Returns the part of the figure's name before `us_per_packet`.
    fn prefix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bursts => "gso_",
            Self::BurstsSplit => "gso_split_",
            Self::InProcess => "inprocess_",
        }
    }

    fn order(self) -> Order {
        match self {
            Self::Plain => Order::Turns,
            Self::Bursts | Self::BurstsSplit | Self::InProcess => Order::Bursts,
        }
    }

    /// Returns whether a relay can be loaded in this way: only fmz has a peer in its process.
    fn suits(self, kind: Kind) -> bool {
        self != Self::InProcess || kind == Kind::Fmz
    }
}

type Outcomes = HashMap<(Kind, Way), Vec<Outcome>>;

/// Measures all relays in turn, in several rounds, and prints the figures.
pub(super) fn run(options: &Options, programs: &Programs) -> Result<()> {
    let mut outcomes = Outcomes::new();
    for round in 1..=options.rounds {
        for kind in &options.relays {
            for way in options.ways.iter().copied().filter(|way| way.suits(*kind)) {
                let outcome = measure(options, programs, *kind, way)
                    .with_context(|| format!("measure {} {way:?}", kind.name()))?;
                progress(&format!(
                    "turn: round {round}, {} {way:?}: {:.2} us, {} of {} lost, {:.2} cores busy elsewhere",
                    kind.name(),
                    outcome.us_per_packet(),
                    outcome.lost(),
                    outcome.sent,
                    outcome.other_cores
                ));
                outcomes.entry((*kind, way)).or_default().push(outcome);
            }
        }
    }
    print(options, outcomes);
    Ok(())
}

fn measure(options: &Options, programs: &Programs, kind: Kind, way: Way) -> Result<Outcome> {
    let relay = Relay::start(kind, programs)?;
    let mut sink = Sink::open(way == Way::Bursts)?;
    let peer = match way {
        Way::InProcess => relay.media,
        _ => sink.address,
    };
    let clients = (0..options.clients)
        .map(|number| Allocation::open(relay.address, peer, number))
        .collect::<Result<Vec<_>>>()?;
    let peer = match way {
        Way::InProcess => Peer::Inside,
        _ => Peer::Sink(&mut sink),
    };
    Load::new(&relay, &clients, peer, options.shape(way.order())).run()
}

fn print(options: &Options, outcomes: Outcomes) {
    let outcomes = outcomes.into_iter();
    let typical: HashMap<_, _> = outcomes.map(|(key, all)| (key, typical(all))).collect();
    for kind in &options.relays {
        for way in &options.ways {
            if let Some(outcome) = typical.get(&(*kind, *way)) {
                print_one(*kind, *way, outcome);
            }
        }
    }
    print_ratios(&typical);
}

fn print_ratios(typical: &HashMap<(Kind, Way), Outcome>) {
    let others = typical.values().map(|outcome| outcome.other_cores);
    figure("turn_other_cpu_cores", others.fold(0.0, f64::max), "cores");
    let cost = |kind, way| typical.get(&(kind, way)).map(Outcome::us_per_packet);
    for (name, way, theirs) in [
        ("turn_plain_vs_coturn", Way::Plain, Way::Plain),
        ("turn_gso_vs_coturn", Way::Bursts, Way::Bursts),
        (
            "turn_gso_split_vs_coturn",
            Way::BurstsSplit,
            Way::BurstsSplit,
        ),
        ("turn_inprocess_vs_coturn", Way::InProcess, Way::BurstsSplit),
    ] {
        if let (Some(ours), Some(theirs)) = (cost(Kind::Fmz, way), cost(Kind::Coturn, theirs)) {
            figure(name, ours / theirs, "ratio");
        }
    }
}

fn print_one(kind: Kind, way: Way, outcome: &Outcome) {
    let name = format!("{}_{}", kind.name(), way.prefix());
    figure(
        &format!("{name}us_per_packet"),
        outcome.us_per_packet(),
        "us",
    );
    figure(&format!("{name}lost"), outcome.lost() as f64, "packets");
    // Datagrams that end in the relay's own process have no time of arrival.
    if way != Way::InProcess {
        for percent in [50, 99] {
            let delay = outcome.delays.percentile_ms(percent.into());
            figure(&format!("{name}delay_p{percent}_ms"), delay, "ms");
        }
    }
}
