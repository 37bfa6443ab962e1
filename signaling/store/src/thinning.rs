//! The choice of snapshots that are taken, and of those that are kept.
//!
//! A snapshot is due once the log behind the last one is as long as that one is large, within
//! bounds. So snapshots together take no more room than the log and the newest few. And between a
//! snapshot and any revision lies a tail that is not much longer than that snapshot.

/// Bytes of log behind a snapshot below which no other is worth its sync: some 20,000 ops, which
/// are applied in about 0.1 s.
pub const TAIL_BYTES_MIN: u64 = 1024 * 1024;
/// Bytes of log behind the newest snapshot after which another is due in any case. This bounds the
/// time to open a room.
pub const TAIL_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Newest snapshots of a video that are kept whatever they cost: if the newest cannot be read, the
/// one before it can.
pub const NEWEST_KEPT: usize = 2;

/// Returns whether a snapshot is due, by the bytes of log behind the last one and that one's size
/// (0 for none).
pub fn snapshot_is_due(tail_bytes: u64, last_bytes: u64) -> bool {
    tail_bytes >= last_bytes.clamp(TAIL_BYTES_MIN, TAIL_BYTES_MAX)
}

/// The revision and size of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) revision: u64,
    pub(crate) bytes: u64,
}

/// Returns the revisions of the snapshots (ascending) that can go: those without which the tail
/// behind the one before stays within that one's size, or within [`TAIL_BYTES_MIN`].
pub(crate) fn surplus(snapshots: &[Kept], log_bytes: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    let mut before = Kept {
        revision: 0,
        bytes: 0,
    };
    let mut surplus = Vec::new();
    let old = snapshots.len().saturating_sub(NEWEST_KEPT);
    for (at, snapshot) in snapshots[..old].iter().enumerate() {
        let tail = log_bytes(before.revision, snapshots[at + 1].revision);
        if tail <= before.bytes.max(TAIL_BYTES_MIN) {
            surplus.push(snapshot.revision);
        } else {
            before = *snapshot;
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the snapshots of a log of 100 bytes a revision. One of `bytes(revision)` is taken
    /// whenever one is due, and they are thinned each time.
    fn grow(revisions: u64, bytes: impl Fn(u64) -> u64) -> Vec<Kept> {
        let mut kept: Vec<Kept> = Vec::new();
        for revision in 1..=revisions {
            let last = kept.last().copied().unwrap_or(Kept {
                revision: 0,
                bytes: 0,
            });
            if snapshot_is_due((revision - last.revision) * 100, last.bytes) {
                let bytes = bytes(revision);
                kept.push(Kept { revision, bytes });
                let surplus = surplus(&kept, |from, to| (to - from) * 100);
                kept.retain(|snapshot| !surplus.contains(&snapshot.revision));
            }
        }
        kept
    }

    #[test]
    fn snapshot5_any_revision_is_one_snapshot_and_a_short_tail_away() {
        for (bytes, many) in [(20u64, 40), (100, 12), (0, 2000)] {
            let kept = grow(1_000_000, |revision| revision * bytes);
            let mut before = Kept {
                revision: 0,
                bytes: 0,
            };
            for snapshot in &kept {
                let tail = (snapshot.revision - before.revision) * 100;
                assert!(
                    tail <= before.bytes.max(TAIL_BYTES_MIN) + TAIL_BYTES_MAX,
                    "{tail} bytes behind {before:?}"
                );
                before = *snapshot;
            }
            assert!((1_000_000 - before.revision) * 100 <= TAIL_BYTES_MAX);
            assert!(kept.len() <= many, "{} snapshots", kept.len());
        }
    }

    #[test]
    fn snapshot6_snapshots_take_no_more_room_than_the_log_and_the_newest_three() {
        let kept = grow(1_000_000, |revision| revision * 40);
        let bytes: u64 = kept.iter().map(|snapshot| snapshot.bytes).sum();
        assert!(bytes <= 100_000_000 + 3 * 40_000_000, "{bytes} bytes");
    }
}
