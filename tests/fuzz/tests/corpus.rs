//! Runs every target on its committed corpus and on seeded mutations of it, in ordinary test runs.

use fmz_fuzz::TARGETS;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};

/// Mutations of each corpus file.
const MUTATIONS: usize = 64;
const SEED: u64 = 4;

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let entries = std::fs::read_dir(&folder).expect("every target has a corpus");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let data = std::fs::read(&path).expect("a readable file");
            (path, data)
        })
        .collect()
}

#[test]
fn corpus_holds_no_finding() {
    for target in TARGETS {
        let files = corpus(target.name);
        assert!(files.len() >= 4, "the corpus of {} is thin", target.name);
        for (_, data) in &files {
            (target.run)(data);
        }
    }
}

#[test]
fn mutations_of_the_corpus_hold_no_finding() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    for target in TARGETS {
        for (_, data) in corpus(target.name) {
            for _ in 0..MUTATIONS {
                (target.run)(&mutate(&data, &mut rng));
            }
        }
    }
}

/// Changes a few bytes, cuts the end off, or moves a piece elsewhere.
fn mutate(data: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=data.len());
        match rng.random_range(0..4) {
            0 => data.insert(at, rng.random()),
            1 => data.truncate(at),
            2 if at < data.len() => data[at] = rng.random(),
            3 if at < data.len() => data[at] ^= 1 << rng.random_range(0..8),
            _ => data.rotate_left(at),
        }
    }
    data
}

/// The list of targets must equal the programs that libFuzzer runs.
#[test]
fn every_target_has_a_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer/fuzz_targets");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut programs: Vec<_> = entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    programs.sort();
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(programs, names);
}
