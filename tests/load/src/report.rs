//! Figures, one a line: `name value unit`.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Prints one figure to standard output.
#[allow(
    clippy::print_stdout,
    reason = "the figures are what the program is for"
)]
pub(crate) fn figure(name: &str, value: f64, unit: &str) {
    println!("{}", line(name, value, unit));
}

/// Prints a name and its value for the caller of this program.
#[allow(
    clippy::print_stdout,
    reason = "who starts the link reads its address there"
)]
pub(crate) fn announce(name: &str, value: &str) {
    println!("{name} {value}");
}

/// Prints progress for people, on standard error.
#[allow(clippy::print_stderr, reason = "standard output is for figures alone")]
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

fn line(name: &str, value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        v if v.fract() == 0.0 => 0,
        v if v >= 1000.0 => 0,
        v if v >= 10.0 => 1,
        _ => 3,
    };
    format!("{name} {value:.digits$} {unit}")
}

/// Durations from a microsecond to a minute, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Delays {
    histogram: Histogram<u64>,
}

/// Longest delay that is told apart. Longer ones count as this.
const DELAY_MAX: Duration = Duration::from_secs(60);

impl Delays {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, DELAY_MAX.as_micros() as u64, 3);
        Self {
            histogram: histogram.expect("the bounds are valid"),
        }
    }

    pub(crate) fn record(&mut self, delay: Duration) {
        self.histogram
            .saturating_record(delay.min(DELAY_MAX).as_micros().max(1) as u64);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("both have the same bounds");
    }

    pub(crate) fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Returns the delay, in milliseconds, that `percent` of all delays do not exceed.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        self.histogram.value_at_percentile(percent) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_name_a_number_and_a_unit() {
        assert_eq!(line("a_us", 2.34567, "us"), "a_us 2.346 us");
        assert_eq!(line("a_us", 23.4567, "us"), "a_us 23.5 us");
        assert_eq!(line("lost", 0.0, "ops"), "lost 0 ops");
        assert_eq!(line("per_s", 361_484.4, "1/s"), "per_s 361484 1/s");
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let (mut all, mut half) = (Delays::new(), Delays::new());
        (1..=50).for_each(|ms| all.record(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| half.record(Duration::from_millis(ms)));
        all.add(&half);
        for (percent, ms) in [(50.0, 50.0), (95.0, 95.0), (99.0, 99.0)] {
            assert!((all.percentile_ms(percent) - ms).abs() < 0.1, "{percent}");
        }
        assert_eq!(all.len(), 100);
    }

    #[test]
    fn what_is_too_long_counts_as_the_longest() {
        let mut delays = Delays::new();
        delays.record(Duration::from_secs(3600));
        assert!((59_900.0..60_100.0).contains(&delays.percentile_ms(100.0)));
    }
}
