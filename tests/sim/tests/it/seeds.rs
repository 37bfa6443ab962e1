use fmz_sim::{OP_KINDS, run};
use std::collections::BTreeSet;

/// Seeds of this test; `scripts/test` runs more of them with the program.
const SEEDS: u64 = 60;

#[test]
fn clean_code_keeps_every_promise() {
    let mut made = BTreeSet::new();
    for seed in 0..SEEDS {
        let outcome = run(seed, None, false);
        made.extend(outcome.kinds.keys().copied());
        assert_eq!(
            outcome.finding, None,
            "cargo run -p fmz-sim -- --seed {seed} --trace"
        );
    }
    let all: BTreeSet<_> = OP_KINDS.iter().copied().collect();
    assert_eq!(made, all, "every kind of op is tried");
}

#[test]
fn same_seed_is_the_same_run() {
    let runs: Vec<_> = (0..10).map(|seed| run(seed, None, false)).collect();
    let again: Vec<_> = (0..10).map(|seed| run(seed, None, false)).collect();
    assert_eq!(runs, again);
    assert_ne!(runs[0].trace, runs[1].trace);
}
