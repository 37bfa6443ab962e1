use fmz_sim::{Plant, run};

/// Seeds within which each bug must be found.
const SEEDS: u64 = 200;

#[test]
fn every_planted_bug_is_found() {
    let missed: Vec<_> = Plant::ALL
        .iter()
        .filter(|plant| (0..SEEDS).all(|seed| run(seed, Some(**plant), false).finding.is_none()))
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
    assert!(Plant::ALL.len() >= 20);
}

#[test]
fn names_lead_back_to_plants() {
    for plant in Plant::ALL {
        assert_eq!(Plant::named(&plant.name()), Some(*plant));
    }
    assert_eq!(Plant::named("nothing"), None);
}
