//! A Prometheus histogram, read from its text form.

/// Buckets in order: bound in seconds (the last has none), and the number of values at or below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    buckets: Vec<(f64, u64)>,
}

impl Histogram {
    /// Reads a histogram; `None` if the text has none of this name.
    pub(super) fn parse(text: &str, name: &str) -> Option<Self> {
        let buckets: Option<Vec<_>> = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix("_bucket{le=\""))
            .map(bucket)
            .collect();
        buckets
            .filter(|buckets| !buckets.is_empty())
            .map(|buckets| Self { buckets })
    }

    /// Returns the values that came after `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let pairs = self.buckets.iter().zip(&before.buckets);
        let buckets = pairs.map(|((bound, after), (_, before))| (*bound, after - before));
        Self {
            buckets: buckets.collect(),
        }
    }

    /// Returns the value, in seconds, that a share `part` of all values does not exceed, as if the
    /// values of a bucket were spread evenly in it.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let whole = self.buckets.last().map_or(0, |(_, count)| *count);
        let rank = whole as f64 * part;
        let (mut low, mut below) = (0.0, 0);
        for (bound, count) in &self.buckets {
            if *count as f64 >= rank && *count > below {
                let inside = (rank - below as f64) / (count - below) as f64;
                return if bound.is_finite() {
                    low + (bound - low) * inside
                } else {
                    low
                };
            }
            (low, below) = (*bound, *count);
        }
        0.0
    }
}

/// Reads a bucket such as `0.016"} 12`.
fn bucket(rest: &str) -> Option<(f64, u64)> {
    let (bound, count) = rest.split_once("\"} ")?;
    let bound = if bound == "+Inf" {
        f64::INFINITY
    } else {
        bound.parse().ok()?
    };
    Some((bound, count.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE a_seconds histogram\na_seconds_bucket{le=\"0.01\"} 10\n\
        a_seconds_bucket{le=\"0.02\"} 30\na_seconds_bucket{le=\"+Inf\"} 40\na_seconds_sum 1\n\
        a_seconds_count 40\nother_bucket{le=\"1\"} 7\n";

    #[test]
    fn a_quantile_lies_inside_its_bucket() {
        let histogram = Histogram::parse(TEXT, "a_seconds").unwrap();
        assert!((histogram.quantile(0.25) - 0.01).abs() < 1e-9);
        assert!((histogram.quantile(0.5) - 0.015).abs() < 1e-9);
        assert!((histogram.quantile(0.99) - 0.02).abs() < 1e-9, "unbounded");
        assert_eq!(Histogram::parse(TEXT, "b_seconds"), None);
    }

    #[test]
    fn a_window_is_what_came_between() {
        let before = Histogram::parse(TEXT, "a_seconds").unwrap();
        let text = TEXT.replace("} 30", "} 70").replace("} 40", "} 80");
        let window = Histogram::parse(&text, "a_seconds").unwrap().since(&before);
        assert!((window.quantile(0.5) - 0.015).abs() < 1e-9);
        assert_eq!(before.since(&before).quantile(0.5), 0.0);
    }
}
