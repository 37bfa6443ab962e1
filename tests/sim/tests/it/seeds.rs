use fmz_sim::run;

/// Seeds here; `scripts/test` runs more of them by the program.
const SEEDS: u64 = 60;

#[test]
fn clean_code_keeps_every_promise() {
    for seed in 0..SEEDS {
        let outcome = run(seed, None, false);
        assert_eq!(
            outcome.finding, None,
            "cargo run -p fmz-sim -- --seed {seed} --trace"
        );
    }
}

#[test]
fn same_seed_is_the_same_run() {
    let runs: Vec<_> = (0..10).map(|seed| run(seed, None, false)).collect();
    let again: Vec<_> = (0..10).map(|seed| run(seed, None, false)).collect();
    assert_eq!(runs, again);
    assert_ne!(runs[0].trace, runs[1].trace);
}
