//! Load peers, durability checker and benchmarks.

mod checker;
mod cpu;
mod journal;
mod peer;
mod report;
mod server;
mod session;
mod socket;
mod transport;
mod writer;

fn main() {}
