//! The one order: check, number, make durable, hand out.
//!
//! While an append is on its way nothing is numbered, so that the document is exactly what is
//! durable whenever none is.

use crate::{AppendToken, limits, recent::Recent};
use bytes::Bytes;
use fmz_annotation::{Authority, Document};
use fmz_proto::{
    Message, encode, encode_server,
    v1::{
        Committed, CommittedBatch, DocumentSnapshot, Op, ServerMessage, Snapshot, server_message,
    },
};
use std::time::{Duration, Instant};

/// Why a batch is not taken.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// A batch and when it came.
#[derive(Debug)]
struct Numbered {
    batch: CommittedBatch,
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
    /// `None` stands for a batch that is too large to be sent: a rollback.
    pub(crate) frames: Vec<Option<Bytes>>,
    pub(crate) batches: Vec<CommittedBatch>,
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
    pub(crate) fn rebase(&self, author: u32, base: u64, ops: Vec<Op>) -> Result<Vec<Op>, Refused> {
        let moved = self.document.rebase(author, base, ops);
        moved.map_err(|error| Refused {
            code: error.code(),
            text: error.to_string(),
        })
    }

    /// Checks and numbers a batch; it will be part of the next append.
    pub(crate) fn number(
        &mut self,
        author: u32,
        authority: Authority,
        client_seq: u64,
        ops: Vec<Op>,
        committed_ms: u64,
        received: Instant,
    ) -> Result<(), Refused> {
        debug_assert!(
            !self.is_flying(),
            "the document is ahead of the log only by what flies"
        );
        let ops = self
            .document
            .prepare(author, authority, ops)
            .map_err(|error| Refused {
                code: error.code(),
                text: error.to_string(),
            })?;
        let first_revision = self.document.revision() + 1;
        let mut batch = CommittedBatch {
            first_revision,
            author,
            client_seq,
            committed_ms,
            ops,
            state_hash: 0,
        };
        self.document.apply(&batch).map_err(|error| Refused {
            code: error.code(),
            text: error.to_string(),
        })?;
        let revision = self.document.revision();
        if revision / limits::STATE_HASH_REVISIONS
            != (first_revision - 1) / limits::STATE_HASH_REVISIONS
        {
            batch.state_hash = self.document.state_hash();
        }
        self.flight_ops += batch.ops.len();
        self.flight.push(Numbered { batch, received });
        Ok(())
    }

    /// Lets the collected batches go to the log.
    pub(crate) fn launch(
        &mut self,
        now: Instant,
    ) -> Option<(AppendToken, u64, Vec<CommittedBatch>)> {
        let expected = self.flight.first()?.batch.first_revision - 1;
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
        let ops = batches.iter().map(|batch| batch.ops.len() as u64).sum();
        let (mut frames, mut handed) = (Vec::new(), Vec::new());
        for (frame, mut part) in frame_commits(batches) {
            match &frame {
                Some(frame) => self.recent.push(last_revision(&part), frame.clone()),
                None => self.recent.restart(last_revision(&part)),
            }
            frames.push(frame);
            handed.append(&mut part);
        }
        Some(Tick {
            frames,
            batches: handed,
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

/// Frames batches, as few frames as hold them, and gives them back. A batch that no
/// frame holds has none.
pub(crate) fn frame_commits(
    batches: Vec<CommittedBatch>,
) -> impl Iterator<Item = (Option<Bytes>, Vec<CommittedBatch>)> {
    pack(batches).map(|batches| {
        let bytes: usize = batches.iter().map(CommittedBatch::encoded_len).sum();
        if bytes > limits::COMMITTED_BYTES_MAX {
            return (None, batches);
        }
        let message = server_message::Message::Committed(Committed { batches });
        let said = ServerMessage {
            message: Some(message),
        };
        let frame = encode(&said);
        match said.message {
            Some(server_message::Message::Committed(Committed { batches })) => {
                (Some(frame), batches)
            }
            _ => (Some(frame), Vec::new()),
        }
    })
}

fn last_revision(batches: &[CommittedBatch]) -> u64 {
    batches
        .last()
        .map_or(0, |batch| batch.first_revision + batch.ops.len() as u64 - 1)
}

/// Splits batches so that each part fits a frame.
fn pack(batches: Vec<CommittedBatch>) -> impl Iterator<Item = Vec<CommittedBatch>> {
    let mut batches = batches.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = batches.next()?;
        let mut bytes = first.encoded_len();
        let mut part = vec![first];
        while let Some(next) =
            batches.next_if(|next| bytes + next.encoded_len() <= limits::COMMITTED_BYTES_MAX)
        {
            bytes += next.encoded_len();
            part.push(next);
        }
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
