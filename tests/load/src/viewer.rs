//! The counts of one viewer. Holds no socket and no clock.

use crate::clip::{FRAME_PACKETS, Stamp};
use crate::report::Delays;
use std::ops::Range;
use std::time::Duration;

/// Numbers of the packets that a measurement covers. Empty until it begins.
pub(crate) type Window = Range<u64>;

/// A viewer's counts in a window, and its first picture.
#[derive(Debug)]
pub(crate) struct Viewer {
    window: Window,
    /// One bit for each packet of the window.
    seen: Vec<u64>,
    delivered: u64,
    doubled: u64,
    /// Packets that came after a packet with a higher number.
    late: u64,
    highest: Option<u64>,
    delays: Delays,
    keyframe: Option<Keyframe>,
    has_picture: bool,
}

/// A keyframe that is being received.
#[derive(Debug, Clone, Copy)]
struct Keyframe {
    frame: u64,
    packets: u64,
}

/// Counts of all viewers in a window.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    /// Different packets that arrived.
    pub(crate) delivered: u64,
    /// Packets that should have arrived.
    pub(crate) expected: u64,
    pub(crate) doubled: u64,
    pub(crate) late: u64,
    /// Delays from sending to arrival in the viewer's kernel.
    pub(crate) delays: Delays,
}

impl Viewer {
    pub(crate) fn new() -> Self {
        Self {
            window: 0..0,
            seen: Vec::new(),
            delivered: 0,
            doubled: 0,
            late: 0,
            highest: None,
            delays: Delays::new(),
            keyframe: None,
            has_picture: false,
        }
    }

    /// Starts counting the packets of `window`.
    pub(crate) fn measure(&mut self, window: Window) {
        self.seen = vec![0; (window.end - window.start).div_ceil(64) as usize];
        self.window = window;
    }

    /// Takes a packet. Returns true if it completes the first picture, which needs every packet of
    /// a keyframe.
    pub(crate) fn packet(&mut self, stamp: Stamp, arrived: Duration) -> bool {
        if self.window.contains(&stamp.number) {
            self.count(stamp, arrived);
        }
        !self.has_picture && self.completes_picture(stamp)
    }

    fn count(&mut self, stamp: Stamp, arrived: Duration) {
        let place = stamp.number - self.window.start;
        let (word, bit) = ((place / 64) as usize, 1 << (place % 64));
        if self.seen[word] & bit != 0 {
            self.doubled += 1;
            return;
        }
        self.seen[word] |= bit;
        self.delivered += 1;
        self.late += u64::from(self.highest > Some(stamp.number));
        self.highest = self.highest.max(Some(stamp.number));
        self.delays.record(arrived.saturating_sub(stamp.sent));
    }

    fn completes_picture(&mut self, stamp: Stamp) -> bool {
        if !stamp.is_key() {
            return false;
        }
        let before = self
            .keyframe
            .filter(|keyframe| keyframe.frame == stamp.frame());
        let packets = before.map_or(0, |keyframe| keyframe.packets) + 1;
        self.keyframe = Some(Keyframe {
            frame: stamp.frame(),
            packets,
        });
        self.has_picture = packets == FRAME_PACKETS;
        self.has_picture
    }

    /// Returns whether every packet of the window has come.
    pub(crate) fn is_complete(&self) -> bool {
        self.delivered == self.window.end - self.window.start
    }

    pub(crate) fn into_count(self) -> Count {
        Count {
            delivered: self.delivered,
            expected: self.window.end - self.window.start,
            doubled: self.doubled,
            late: self.late,
            delays: self.delays,
        }
    }
}

impl Count {
    pub(crate) fn zero() -> Self {
        Viewer::new().into_count()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.expected += other.expected;
        self.doubled += other.doubled;
        self.late += other.late;
        self.delays.add(&other.delays);
    }

    /// Returns the share of sent packets that arrived, 0 to 1.
    pub(crate) fn ratio(&self) -> f64 {
        self.delivered as f64 / self.expected.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::KEYFRAME_EVERY;

    const SENT: Duration = Duration::from_secs(5);

    fn feed(viewer: &mut Viewer, numbers: impl IntoIterator<Item = u64>) -> usize {
        let arrived = SENT + Duration::from_millis(2);
        let pictures = numbers.into_iter().filter(|number| {
            viewer.packet(
                Stamp {
                    number: *number,
                    sent: SENT,
                },
                arrived,
            )
        });
        pictures.count()
    }

    fn counted(numbers: impl IntoIterator<Item = u64>) -> Count {
        let mut viewer = Viewer::new();
        viewer.measure(100..200);
        feed(&mut viewer, numbers);
        viewer.into_count()
    }

    #[test]
    fn only_the_window_counts() {
        let count = counted(0..1000);
        assert_eq!(
            (count.delivered, count.expected, count.late, count.doubled),
            (100, 100, 0, 0)
        );
        assert!((count.delays.percentile_ms(50.0) - 2.0).abs() < 0.01);
    }

    #[test]
    fn a_lost_a_doubled_and_a_late_packet_are_told_apart() {
        let count = counted((100..200).filter(|number| *number != 150));
        assert_eq!((count.delivered, count.late, count.doubled), (99, 0, 0));
        let count = counted((100..200).chain([150]));
        assert_eq!((count.delivered, count.late, count.doubled), (100, 0, 1));
        let count = counted((100..200).filter(|number| *number != 150).chain([150]));
        assert_eq!((count.delivered, count.late, count.doubled), (100, 1, 0));
    }

    #[test]
    fn the_first_picture_is_a_whole_keyframe() {
        let key = KEYFRAME_EVERY * FRAME_PACKETS;
        let mut viewer = Viewer::new();
        assert_eq!(
            feed(&mut viewer, 7..key - 1),
            0,
            "joined inside the first keyframe"
        );
        assert_eq!(
            feed(&mut viewer, key..key + FRAME_PACKETS - 1),
            0,
            "the last packet is missing"
        );
        assert_eq!(
            feed(&mut viewer, key + FRAME_PACKETS - 1..3 * key),
            1,
            "once only"
        );
        let mut viewer = Viewer::new();
        assert_eq!(
            feed(&mut viewer, (0..2 * key).filter(|number| *number != 5)),
            1,
            "the next one, after a loss"
        );
    }
}
