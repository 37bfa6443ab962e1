//! Load peers, durability checker and benchmarks.
