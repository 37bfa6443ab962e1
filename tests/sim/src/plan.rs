//! The plan of a seed: its pages, the quality of lines, the faults. Each seed leaves some kinds of
//! fault out, so that runs differ in kind and not only in order.

use crate::{
    agenda::{MS, Micros, S},
    random::Random,
};
use fmz_signaling_core::RoomLimits;
use std::time::Duration;

/// Quality of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quality {
    pub(crate) delay: Micros,
    pub(crate) jitter: Micros,
    /// Packets lost in a thousand; on an ordered path a loss is a delay.
    pub(crate) loss_permille: u32,
    /// Longest time for which all packets are lost after a loss.
    pub(crate) burst: Micros,
    /// Packets in a thousand that arrive twice on an unordered path.
    pub(crate) repeat_permille: u32,
    pub(crate) bytes_per_s: u64,
}

/// Average time between two faults, and the weights of their kinds; 0 if a seed leaves them out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) every: Micros,
    pub(crate) disconnect: u32,
    pub(crate) channels: u32,
    pub(crate) stall: u32,
    pub(crate) crash: u32,
    pub(crate) disk: u32,
    pub(crate) clock: u32,
    pub(crate) unit: u32,
    pub(crate) overrun: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PagePlan {
    pub(crate) subject: usize,
    pub(crate) annotate: bool,
    pub(crate) own: bool,
    /// Whether the page believes that it may change all objects.
    pub(crate) believes_own: bool,
    pub(crate) transport: bool,
    pub(crate) pause: Micros,
    pub(crate) quality: Quality,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) pages: Vec<PagePlan>,
    pub(crate) faults: Faults,
    /// Time at which trouble ends and nobody draws any more.
    pub(crate) calm_at: Micros,
    pub(crate) write: Micros,
    pub(crate) sync: Micros,
    /// Longest time to read an older state.
    pub(crate) read: Micros,
    /// Revisions between two snapshots on disk.
    pub(crate) snapshot_every: u64,
    pub(crate) limits: RoomLimits,
    /// Bytes that may wait for one WebSocket.
    pub(crate) queue_bytes_max: usize,
}

impl Plan {
    pub(crate) fn new(random: &mut Random) -> Self {
        let count = 2 + random.below(4);
        Self {
            pages: (0..count).map(|page| PagePlan::new(page, random)).collect(),
            faults: Faults::new(random),
            calm_at: random.between(6, 20) * S,
            write: random.between(50, 3 * MS),
            sync: random.between(MS, 30 * MS),
            read: random.between(MS, 200 * MS),
            snapshot_every: random.between(20, 200),
            limits: room_limits(count, random),
            queue_bytes_max: 1024 * random.between(2, 24) as usize,
        }
    }
}

/// Draws limits that admit exactly these pages; in some runs with a budget that a busy hand
/// exceeds.
fn room_limits(pages: usize, random: &mut Random) -> RoomLimits {
    let standard = RoomLimits {
        participants_max: pages,
        auto_commit: auto_commit(random),
        ..RoomLimits::default()
    };
    if random.percent(70) {
        return standard;
    }
    RoomLimits {
        ops_per_s: random.between(100, 300) as u32,
        ops_burst: random.between(20, 200) as u32,
        ..standard
    }
}

/// Draws the delay after which a room makes a version by itself; zero if it never does. The delay
/// is short enough that people's pauses reach it, and that it passes before a run has settled.
fn auto_commit(random: &mut Random) -> Duration {
    match random.percent(60) {
        true => Duration::from_millis(random.between(100, 3000)),
        false => Duration::ZERO,
    }
}

impl PagePlan {
    fn new(page: usize, random: &mut Random) -> Self {
        let own = random.percent(20);
        Self {
            // People who came by the same link have the same subject.
            subject: if random.percent(15) { 0 } else { page },
            annotate: page == 0 || random.percent(85),
            own,
            believes_own: own || random.percent(15),
            transport: random.percent(70),
            pause: random.between(20, 400) * MS,
            quality: Quality::new(random),
        }
    }
}

impl Quality {
    fn new(random: &mut Random) -> Self {
        let loses = random.percent(50);
        Self {
            delay: random.between(MS / 10, 80 * MS),
            jitter: random.between(0, 40 * MS),
            loss_permille: if loses {
                random.between(0, 150) as u32
            } else {
                0
            },
            burst: if random.percent(50) {
                random.between(0, 300 * MS)
            } else {
                0
            },
            repeat_permille: random.between(0, 50) as u32,
            bytes_per_s: 1 << random.between(15, 22),
        }
    }

    /// Returns the quality of a line once all trouble is over.
    pub(crate) fn calm() -> Self {
        Self {
            delay: 5 * MS,
            jitter: 0,
            loss_permille: 0,
            burst: 0,
            repeat_permille: 0,
            bytes_per_s: 1 << 22,
        }
    }
}

impl Faults {
    fn new(random: &mut Random) -> Self {
        let mut weight = |percent| {
            if random.percent(percent) {
                random.between(1, 6) as u32
            } else {
                0
            }
        };
        let (disconnect, channels, stall) = (weight(70), weight(60), weight(30));
        let (crash, disk, clock) = (weight(50), weight(25), weight(25));
        let (unit, overrun) = (weight(30), weight(20));
        Self {
            every: random.between(200, 3000) * MS,
            disconnect,
            channels,
            stall,
            crash,
            disk,
            clock,
            unit,
            overrun,
        }
    }
}
