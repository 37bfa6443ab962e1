//! The one order: check, number, make durable, hand out.
//!
//! While an append is on its way nothing is numbered, so that the document is exactly what is
//! durable whenever none is.

use crate::{AppendToken, limits, recent::Recent};
use bytes::Bytes;
use fmz_annotation::{Authority, Document, OpError, Ops};
use fmz_proto::{
    EncodedBatch, Message, committed_len, encode_committed, encode_server,
    v1::{DocumentSnapshot, Op, Snapshot, op, server_message},
};
use std::time::{Duration, Instant};

/// Why a batch is not taken.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl From<OpError> for Refused {
    fn from(error: OpError) -> Self {
        Self {
            code: error.code(),
            text: error.to_string(),
        }
    }
}

/// A batch and the time at which it came.
#[derive(Debug)]
struct Numbered {
    batch: EncodedBatch,
    received: Instant,
}

#[derive(Debug)]
pub(crate) struct Sequencer {
    document: Document,
    tokens: u64,
    /// Numbered, not durable.
    flight: Vec<Numbered>,
    flight_ops: usize,
    /// When the append on its way left.
    launched: Option<Instant>,
    /// How long an append takes, on average of the last few.
    append_takes: Duration,
    /// Durable, not handed out.
    outbox: Vec<Numbered>,
    handed_out: Option<Instant>,
    /// Whether the last append holds all that the next tick shows.
    gathered: bool,
    /// Whether the last append held as much as one may: more may wait.
    full: bool,
    /// Batches that the last tick handed out.
    handed_batches: usize,
    /// Time to the next tick.
    tick: Duration,
    recent: Recent,
    snapshot: Option<(u64, Vec<Bytes>)>,
}

/// What one tick hands out.
#[derive(Debug)]
pub(crate) struct Tick {
    /// `None` stands for a batch that is too large to be sent: a `Revert`.
    pub(crate) frames: Vec<Option<Bytes>>,
    pub(crate) batches: Vec<EncodedBatch>,
    pub(crate) ops: u64,
    pub(crate) waits: Vec<Duration>,
}

impl Sequencer {
    pub(crate) fn new(document: Document) -> Self {
        let recent = Recent::new(document.revision());
        Self {
            document,
            tokens: 0,
            flight: Vec::new(),
            flight_ops: 0,
            launched: None,
            append_takes: Duration::ZERO,
            outbox: Vec::new(),
            handed_out: None,
            gathered: false,
            full: false,
            handed_batches: 0,
            tick: limits::TICK,
            recent,
            snapshot: None,
        }
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Whether an append is on its way.
    pub(crate) fn is_flying(&self) -> bool {
        self.launched.is_some()
    }

    /// Ops that the next append carries so far.
    pub(crate) fn collected_ops(&self) -> usize {
        self.flight_ops
    }

    /// Whether many draw, so that what one tick shows goes to the log together.
    pub(crate) fn gathers(&self) -> bool {
        self.handed_batches >= limits::GATHER_FROM_BATCHES && !self.full
    }

    /// Where many draw, the next append of ops does not leave before this: what is durable earlier
    /// waits for the tick all the same, and what comes until then shares its write to disk.
    pub(crate) fn append_at(&self) -> Option<Instant> {
        let tick = self.tick.saturating_sub(self.append_takes);
        Some(self.handed_out? + tick).filter(|_| self.gathers())
    }

    /// Moves ops that were made on an older revision over what came since.
    pub(crate) fn rebase(&self, author: u32, base: u64, ops: Ops) -> Result<Ops, Refused> {
        Ok(self.document.rebase(author, base, ops)?)
    }

    /// Checks and numbers a batch; it will be part of the next append.
    pub(crate) fn number(
        &mut self,
        author: u32,
        authority: Authority,
        client_seq: u64,
        ops: Ops,
        committed_ms: u64,
        received: Instant,
    ) -> Result<(), Refused> {
        debug_assert!(
            !self.is_flying(),
            "the document is ahead of the log only by what flies"
        );
        let prepared = self.document.prepare(author, authority, ops)?;
        let count = prepared.len();
        let before = self.document.revision();
        let period = |revision: u64| revision / limits::STATE_HASH_REVISIONS;
        let hashed = period(before) != period(before + count as u64);
        let batch = self
            .document
            .commit(prepared, client_seq, committed_ms, hashed);
        self.flight_ops += count;
        self.flight.push(Numbered { batch, received });
        Ok(())
    }

    /// Checks and numbers an op that only the server writes.
    pub(crate) fn number_own(
        &mut self,
        op: op::Op,
        committed_ms: u64,
        now: Instant,
    ) -> Result<(), Refused> {
        let ops = Ops::check(vec![Op { op: Some(op) }])?;
        self.number(0, Authority::Author, 0, ops, committed_ms, now)
    }

    /// Lets the collected batches go to the log.
    pub(crate) fn launch(&mut self, now: Instant) -> Option<(AppendToken, u64, Vec<EncodedBatch>)> {
        let expected = self.flight.first()?.batch.first_revision() - 1;
        self.tokens += 1;
        self.full = self.flight_ops >= limits::APPEND_OPS_MAX;
        self.gathered = self.append_at().is_some_and(|at| at <= now);
        self.launched = Some(now);
        self.flight_ops = 0;
        let batches = self
            .flight
            .iter()
            .map(|numbered| numbered.batch.clone())
            .collect();
        Some((AppendToken(self.tokens), expected, batches))
    }

    /// Whether this is the append on its way.
    pub(crate) fn expects(&self, token: AppendToken) -> bool {
        self.is_flying() && token.0 == self.tokens
    }

    pub(crate) fn landed(&mut self, now: Instant) {
        let took = self
            .launched
            .take()
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.append_takes = (7 * self.append_takes + took) / 8;
        self.outbox.append(&mut self.flight);
    }

    /// When the next tick is due: at once after a rest, and where all that it shows is durable.
    pub(crate) fn tick_at(&self, now: Instant) -> Option<Instant> {
        let complete = self.gathered && !self.is_flying();
        let last = self.handed_out.filter(|_| !complete);
        let due = last.map_or(now, |last| last + self.tick);
        (!self.outbox.is_empty()).then_some(due)
    }

    pub(crate) fn tick(&mut self, now: Instant) -> Option<Tick> {
        self.tick_at(now).filter(|due| *due <= now)?;
        self.handed_out = Some(now);
        self.handed_batches = self.outbox.len();
        let waits = self
            .outbox
            .iter()
            .map(|numbered| now.saturating_duration_since(numbered.received))
            .collect();
        let batches: Vec<_> = self
            .outbox
            .drain(..)
            .map(|numbered| numbered.batch)
            .collect();
        let ops = batches.iter().map(|batch| u64::from(batch.ops())).sum();
        let mut frames = Vec::new();
        for (last_revision, frame) in frame_commits(&batches) {
            match &frame {
                Some(frame) => self.recent.push(last_revision, frame.clone()),
                None => self.recent.restart(last_revision),
            }
            frames.push(frame);
        }
        Some(Tick {
            frames,
            batches,
            ops,
            waits,
        })
    }

    /// Says when the next tick may be.
    pub(crate) fn widen(&mut self, tick: Duration) {
        self.tick = tick;
    }

    /// Whether ticks are wider than is good for who looks.
    pub(crate) fn is_wide(&self) -> bool {
        self.tick > limits::TICK_SPARING
    }

    /// The document in frames. Only what is durable is in it: call it while no
    /// append is on its way.
    pub(crate) fn snapshot(&mut self) -> &[Bytes] {
        debug_assert!(
            !self.is_flying() && self.flight.is_empty(),
            "a snapshot holds only what is durable"
        );
        let revision = self.document.revision();
        if self.snapshot.as_ref().is_none_or(|(of, _)| *of != revision) {
            self.snapshot = Some((revision, snapshot_frames(&self.document.snapshot())));
        }
        self.snapshot.as_ref().map_or(&[], |(_, frames)| frames)
    }
}

/// Frames batches, in as few frames as hold them, and gives the last revision of each. A batch
/// that no frame holds has none.
pub(crate) fn frame_commits(
    batches: &[EncodedBatch],
) -> impl Iterator<Item = (u64, Option<Bytes>)> {
    pack(batches).map(|part| {
        let last = part.last().map_or(0, EncodedBatch::last_revision);
        let fits = committed_len(part.iter()) <= limits::COMMITTED_BYTES_MAX;
        (last, fits.then(|| encode_committed(part.iter())))
    })
}

/// Splits batches so that each part fits a frame, or is one batch that none holds.
fn pack(mut rest: &[EncodedBatch]) -> impl Iterator<Item = &[EncodedBatch]> {
    std::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        let mut bytes = first.field_len();
        let fits = |next: &&EncodedBatch| {
            bytes += next.field_len();
            bytes <= limits::COMMITTED_BYTES_MAX
        };
        let more = behind.iter().take_while(fits).count();
        let (part, behind) = rest.split_at(1 + more);
        rest = behind;
        Some(part)
    })
}

fn snapshot_frames(snapshot: &DocumentSnapshot) -> Vec<Bytes> {
    let revision = snapshot.revision;
    let bytes = Bytes::from(snapshot.encode_to_vec());
    let parts = bytes
        .len()
        .div_ceil(fmz_proto::limits::SNAPSHOT_PART_BYTES)
        .max(1);
    (0..parts)
        .map(|index| {
            let start = index * fmz_proto::limits::SNAPSHOT_PART_BYTES;
            let end = bytes
                .len()
                .min(start + fmz_proto::limits::SNAPSHOT_PART_BYTES);
            let snapshot = Snapshot {
                revision,
                part: bytes.slice(start..end),
                last: index + 1 == parts,
            };
            encode_server(server_message::Message::Snapshot(snapshot))
        })
        .collect()
}
