//! Runs seeds, reports those that break a promise, and prints how to run each of them again.

use clap::Parser;
use fmz_sim::{Counts, Outcome, Plant, run};
use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

/// Deterministic simulation of rooms, pages, lines and a log.
#[derive(Debug, Parser)]
#[command(name = "fmz-sim", version)]
struct Cli {
    /// The one seed to run.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// A bug to plant.
    #[arg(long, value_parser = plant)]
    plant: Option<Plant>,
    /// Print every step.
    #[arg(long)]
    trace: bool,
    /// Threads; each runs seeds of its own.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn plant(name: &str) -> Result<Plant, String> {
    let names = || {
        let names: Vec<_> = Plant::ALL.iter().map(|plant| plant.name()).collect();
        names.join(", ")
    };
    Plant::named(name).ok_or_else(|| format!("one of: {}", names()))
}

/// Results of many seeds.
#[derive(Debug, Default)]
struct Sum {
    seeds: u64,
    steps: u64,
    simulated_ms: u64,
    counts: Counts,
    found: Vec<(u64, Outcome)>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (from, seeds) = cli.seed.map_or((cli.from, cli.seeds), |seed| (seed, 1));
    let begun = Instant::now();
    let sum = run_all(&cli, from, seeds);
    report(&cli, &sum, begun.elapsed().as_secs_f64());
    if sum.found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run_all(cli: &Cli, from: u64, seeds: u64) -> Sum {
    let next = AtomicU64::new(from);
    let work = || {
        let mut sum = Sum::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + seeds {
                return sum;
            }
            sum.add(seed, run(seed, cli.plant, cli.trace));
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cli.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut sum = Sum::default();
        for thread in threads {
            sum.join(thread.join().expect("a run ends by itself"));
        }
        sum.found.sort_by_key(|(seed, _)| *seed);
        sum
    })
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.steps += outcome.steps;
        self.simulated_ms += outcome.simulated_ms;
        self.count(outcome.counts);
        if outcome.finding.is_some() {
            self.found.push((seed, outcome));
        }
    }

    fn join(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.simulated_ms += other.simulated_ms;
        self.count(other.counts);
        self.found.extend(other.found);
    }

    fn count(&mut self, counts: Counts) {
        self.counts.ops += counts.ops;
        self.counts.refused += counts.refused;
        self.counts.crashes += counts.crashes;
        self.counts.joins += counts.joins;
        self.counts.snapshots += counts.snapshots;
        self.counts.slow += counts.slow;
        self.counts.failures += counts.failures;
        self.counts.copies += counts.copies;
        self.counts.versions += counts.versions;
        self.counts.restores += counts.restores;
        self.counts.restamps += counts.restamps;
    }
}

#[allow(clippy::print_stdout, reason = "the report is what the program is for")]
fn report(cli: &Cli, sum: &Sum, seconds: f64) {
    for (seed, outcome) in sum.found.iter().take(10) {
        let Some(finding) = &outcome.finding else {
            continue;
        };
        let planted = cli
            .plant
            .map_or(String::new(), |plant| format!(" --plant {}", plant.name()));
        println!("{finding}\n  cargo run -p fmz-sim -- --seed {seed}{planted} --trace");
    }
    let Counts {
        ops,
        refused,
        crashes,
        joins,
        snapshots,
        slow,
        failures,
        copies,
        versions,
        restores,
        restamps,
    } = sum.counts;
    println!(
        "simulated {} s, steps {}, ops {ops}, refused {refused}, crashes {crashes}, joins {joins}, snapshots \
         {snapshots}, slow {slow}, failed appends {failures}, copies {copies}, versions {versions}, restores {restores}, \
         restamps {restamps}",
        sum.simulated_ms / 1000,
        sum.steps,
    );
    if let Some((_, outcome)) = sum.found.first().filter(|_| sum.seeds == 1) {
        println!("trace {:016x}", outcome.trace);
    }
    println!(
        "seeds {} violations {} in {seconds:.1} s",
        sum.seeds,
        sum.found.len()
    );
}
