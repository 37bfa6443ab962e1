//! Rising revisions as runs, in delta varints: a pen that draws alone costs a few
//! bytes however long it draws.

use crate::limits::FRAME_HISTORY_BYTES_MAX;
use fmz_proto::WireError;
use std::ops::RangeInclusive;

const FIELD: &str = "frame_history.runs";
/// Bytes of the longest varint of 64 bits.
const VARINT_BYTES_MAX: u32 = 10;

/// Rising revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    /// Up to this revision nothing is known any more.
    forgotten: u64,
    /// For each run but the last: the gap to the run before less 1, and the length less 1.
    closed: Vec<u8>,
    /// End of the last closed run.
    closed_end: u64,
    open: Option<(u64, u64)>,
}

impl Runs {
    /// Notes a revision. One that is not above the last is noted already: an op may
    /// touch a frame more than once.
    pub(crate) fn push(&mut self, revision: u64) {
        match &mut self.open {
            Some((_, end)) if revision <= *end => {}
            Some((_, end)) if revision == *end + 1 => *end = revision,
            Some(_) => {
                self.close();
                self.open = Some((revision, revision));
            }
            None => self.open = Some((revision, revision)),
        }
    }

    fn close(&mut self) {
        let Some((start, end)) = self.open.take() else {
            return;
        };
        write_run(&mut self.closed, self.closed_end, (start, end));
        self.closed_end = end;
        if self.closed.len() > FRAME_HISTORY_BYTES_MAX {
            self.forget_half();
        }
    }

    fn forget_half(&mut self) {
        let runs = self.closed_runs();
        let (gone, kept) = runs.split_at(runs.len() / 2);
        self.forgotten = gone.last().map_or(self.forgotten, |&(_, end)| end);
        let mut before = self.forgotten;
        self.closed.clear();
        for &run in kept {
            write_run(&mut self.closed, before, run);
            before = run.1;
        }
    }

    /// Returns the revision up to which nothing is known any more; 0 if all is.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Returns all runs in order.
    pub(crate) fn ranges(&self) -> Vec<RangeInclusive<u64>> {
        let runs = self.closed_runs().into_iter().chain(self.open);
        runs.map(|(start, end)| start..=end).collect()
    }

    fn closed_runs(&self) -> Vec<(u64, u64)> {
        read_runs(&self.closed, self.forgotten).unwrap_or_default()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.closed.clone();
        if let Some(run) = self.open {
            write_run(&mut bytes, self.closed_end, run);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; revisions lie above `forgotten` and up to `head`.
    pub(crate) fn from_bytes(bytes: &[u8], forgotten: u64, head: u64) -> Result<Self, WireError> {
        let runs = read_runs(bytes, forgotten)?;
        let apart = runs.windows(2).all(|pair| pair[1].0 > pair[0].1 + 1);
        let mut read = Self {
            forgotten,
            closed_end: forgotten,
            ..Self::default()
        };
        for &run in &runs {
            read.close();
            read.open = Some(run);
        }
        let fits = runs.last().is_some_and(|&(_, end)| end <= head);
        if apart && fits && read.forgotten == forgotten && read.to_bytes() == bytes {
            Ok(read)
        } else {
            Err(WireError::OutOfRange { field: FIELD })
        }
    }
}

fn write_run(bytes: &mut Vec<u8>, before: u64, (start, end): (u64, u64)) {
    write_varint(bytes, start - before - 1);
    write_varint(bytes, end - start);
}

fn read_runs(mut bytes: &[u8], mut before: u64) -> Result<Vec<(u64, u64)>, WireError> {
    let mut runs = Vec::new();
    while !bytes.is_empty() {
        let run = read_run(&mut bytes, before).ok_or(WireError::OutOfRange { field: FIELD })?;
        before = run.1;
        runs.push(run);
    }
    Ok(runs)
}

fn read_run(bytes: &mut &[u8], before: u64) -> Option<(u64, u64)> {
    let start = before.checked_add(read_varint(bytes)?)?.checked_add(1)?;
    let end = start.checked_add(read_varint(bytes)?)?;
    Some((start, end))
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..VARINT_BYTES_MAX {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        let shifted = part << (7 * at);
        if shifted >> (7 * at) != part {
            return None;
        }
        value |= shifted;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    fn cases() -> Config {
        Config {
            cases: 200,
            rng_seed: RngSeed::Fixed(12),
            failure_persistence: None,
            ..Config::default()
        }
    }

    fn listed(runs: &Runs) -> Vec<u64> {
        runs.ranges().into_iter().flatten().collect()
    }

    #[test]
    fn index3_a_pen_that_draws_alone_costs_a_few_bytes() {
        let mut runs = Runs::default();
        (1000..101_000).for_each(|revision| runs.push(revision));
        assert_eq!(runs.ranges(), [1000..=100_999]);
        assert!(runs.to_bytes().len() <= 5);
    }

    #[test]
    fn index4_over_the_bound_the_older_half_is_forgotten_and_said() {
        let mut runs = Runs::default();
        let revisions: Vec<_> = (1..40_000).map(|at| at * 3).collect();
        revisions.iter().for_each(|&revision| runs.push(revision));
        assert!(runs.to_bytes().len() <= FRAME_HISTORY_BYTES_MAX + 4);
        let listed = listed(&runs);
        assert!(runs.forgotten() > 0 && listed.len() > FRAME_HISTORY_BYTES_MAX / 8);
        let known: Vec<_> = revisions
            .into_iter()
            .filter(|&revision| revision > runs.forgotten())
            .collect();
        assert_eq!(listed, known);
        let head = known.last().copied().unwrap_or_default();
        assert_eq!(
            Runs::from_bytes(&runs.to_bytes(), runs.forgotten(), head),
            Ok(runs)
        );
    }

    #[test]
    fn index5_bytes_that_no_index_writes_are_refused() {
        let refused: [(&[u8], u64, u64); 7] = [
            (&[], 0, 9),
            (&[1], 0, 9),
            (&[9, 0], 0, 9),
            (&[0, 0, 0, 0], 0, 9),
            (&[0x80, 0x00, 0], 0, 9),
            (&[0xff; 12], 0, u64::MAX),
            (&[0, 0], u64::MAX, u64::MAX),
        ];
        for (bytes, forgotten, head) in refused {
            let read = Runs::from_bytes(bytes, forgotten, head);
            assert!(read.is_err(), "{bytes:?} above {forgotten}");
        }
        assert!(Runs::from_bytes(&[0, 0, 1, 6], 0, 9).is_ok());
    }

    proptest! {
        #![proptest_config(cases())]
        #[test]
        fn index3_what_was_noted_is_listed(gaps in vec(0..400_u64, 0..300)) {
            let mut runs = Runs::default();
            let mut revisions: Vec<u64> = Vec::new();
            for gap in gaps {
                let next = revisions.last().copied().unwrap_or(1) + gap.saturating_sub(200);
                runs.push(next);
                revisions.push(next);
            }
            revisions.dedup();
            prop_assert_eq!(listed(&runs), revisions);
        }

        #[test]
        fn index5_any_bytes_are_read_as_they_are_written_or_refused(bytes in vec(any::<u8>(), 0..40)) {
            if let Ok(runs) = Runs::from_bytes(&bytes, 0, u64::MAX) {
                prop_assert_eq!(runs.to_bytes(), bytes);
            }
        }
    }
}
