//! A corpus of strokes like those that pens record, by which bytes are measured. It is kept in
//! `tests/corpus/strokes`: one file for each kind and rate, a line `x,y,pressure` for each sample,
//! and an empty line between strokes.

mod kinds;
mod motion;

pub(crate) use kinds::Kind;
pub(crate) use motion::Sample;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;
use std::path::PathBuf;

/// Samples a second: of a mouse or an old tablet, and of a modern pen.
pub(crate) const RATES: [u32; 2] = [60, 240];
/// Seconds of drawing in each file, so that all files together stay below 300 KB.
const SECONDS: u32 = 15;
/// Seed of everything that is drawn.
const SEED: u64 = 20;

/// Options of the generator.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of the corpus.
    #[arg(long, value_name = "FOLDER", default_value = "tests/corpus/strokes")]
    folder: PathBuf,
}

/// The strokes of one file.
#[derive(Debug)]
pub(crate) struct Strokes {
    pub(crate) kind: Kind,
    /// Samples a second.
    pub(crate) rate: u32,
    pub(crate) strokes: Vec<Vec<Sample>>,
}

/// Writes the corpus.
pub(crate) fn run(options: &Options) -> Result<()> {
    for file in all(generate) {
        let path = options.folder.join(file.name());
        std::fs::write(&path, file.text()).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// Returns the corpus as it is kept.
pub(crate) fn corpus() -> Vec<Strokes> {
    all(kept)
}

fn all(make: impl Fn(Kind, u32) -> Strokes) -> Vec<Strokes> {
    let kinds = Kind::ALL.into_iter();
    let each = kinds.flat_map(|kind| RATES.map(|rate| (kind, rate)));
    each.map(|(kind, rate)| make(kind, rate)).collect()
}

fn generate(kind: Kind, rate: u32) -> Strokes {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED + u64::from(rate) * 8 + kind as u64);
    let mut strokes = Vec::new();
    let mut samples = 0;
    while samples < (SECONDS * rate) as usize {
        let stroke = kind.motion(&mut rng).sample(rate.into(), &mut rng);
        samples += stroke.len();
        strokes.push(stroke);
    }
    Strokes {
        kind,
        rate,
        strokes,
    }
}

fn kept(kind: Kind, rate: u32) -> Strokes {
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!("../../corpus/strokes/", $name, ".csv"))
        };
    }
    let text = match (kind, rate) {
        (Kind::Handwriting, 60) => file!("handwriting-60"),
        (Kind::Handwriting, _) => file!("handwriting-240"),
        (Kind::Circles, 60) => file!("circles-60"),
        (Kind::Circles, _) => file!("circles-240"),
        (Kind::Swipes, 60) => file!("swipes-60"),
        (Kind::Swipes, _) => file!("swipes-240"),
        (Kind::Shading, 60) => file!("shading-60"),
        (Kind::Shading, _) => file!("shading-240"),
    };
    let strokes = text
        .split("\n\n")
        .map(|stroke| stroke.lines().map(sample).collect());
    Strokes {
        kind,
        rate,
        strokes: strokes.collect(),
    }
}

fn sample(line: &str) -> Sample {
    let numbers: Vec<i32> = line
        .split(',')
        .filter_map(|number| number.parse().ok())
        .collect();
    let [x, y, pressure] = numbers[..] else {
        panic!("the corpus has a line {line:?}");
    };
    (x, y, pressure as u8)
}

impl Strokes {
    fn name(&self) -> String {
        format!("{}-{}.csv", self.kind.name(), self.rate)
    }

    fn text(&self) -> String {
        let stroke = |samples: &Vec<Sample>| {
            samples
                .iter()
                .fold(String::new(), |mut text, (x, y, pressure)| {
                    writeln!(text, "{x},{y},{pressure}").expect("a string takes all");
                    text
                })
        };
        let strokes: Vec<String> = self.strokes.iter().map(stroke).collect();
        strokes.join("\n")
    }

    /// Returns the number of samples of all strokes together.
    pub(crate) fn samples(&self) -> usize {
        self.strokes.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_what_the_generator_makes() {
        for (kept, made) in corpus().iter().zip(all(generate)) {
            assert_eq!(kept.text(), made.text(), "{}", made.name());
        }
    }

    #[test]
    fn the_strokes_are_such_as_hands_draw() {
        for file in corpus() {
            assert!(file.samples() >= (SECONDS * file.rate) as usize);
            for stroke in &file.strokes {
                assert!(stroke.len() > 4, "{} has a dot", file.name());
                for pair in stroke.windows(2) {
                    let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                    // Five picture widths a second: no hand is faster.
                    let units = f64::from(dx).hypot(f64::from(dy));
                    assert!((0.5..5.0 * 16_384.0 / f64::from(file.rate)).contains(&units));
                }
            }
        }
    }
}
