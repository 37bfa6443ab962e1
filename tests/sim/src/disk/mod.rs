//! The log on a disk that forgets bytes which were not synced: a model of the store's promises,
//! byte by byte.

mod past;
mod recover;

pub(crate) use recover::Recovered;

use crate::{plant::Plant, random::Random};
use bytes::Bytes;
use fmz_proto::{EncodedBatch, Message, v1::CommittedBatch};
use fmz_signaling_core::AppendToken;

/// Bytes before a record's body: length and checksum.
const HEADER: usize = 8;

/// An append or a snapshot on its way to the disk.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Append {
        /// Number of the room that asked, for a room may be opened again meanwhile.
        room: u32,
        token: AppendToken,
        batches: Vec<EncodedBatch>,
    },
    Snapshot {
        revision: u64,
        body: Bytes,
    },
}

impl Job {
    pub(crate) fn token(&self) -> u64 {
        match self {
            Self::Append { token, .. } => token.0,
            Self::Snapshot { revision, .. } => *revision,
        }
    }
}

/// The failure that the next append meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing is written, and the disk stays usable.
    Refused,
    /// The write or the sync fails: nothing is acknowledged until the server starts again.
    Broken,
}

#[derive(Debug, Clone)]
struct Record {
    bytes: Vec<u8>,
    synced: bool,
}

#[derive(Debug, Clone)]
struct Stored {
    revision: u64,
    body: Bytes,
    crc: u32,
    synced: bool,
}

#[derive(Debug)]
pub(crate) struct Disk {
    records: Vec<Record>,
    snapshots: Vec<Stored>,
    pub(crate) failure: Option<Failure>,
    broken: bool,
    plant: Option<Plant>,
}

impl Disk {
    pub(crate) fn new(plant: Option<Plant>) -> Self {
        Self {
            records: Vec::new(),
            snapshots: Vec::new(),
            failure: None,
            broken: false,
            plant,
        }
    }

    /// Returns whether no append can be acknowledged any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Takes bytes into the cache.
    pub(crate) fn write(&mut self, job: &Job) -> Result<(), &'static str> {
        if self.broken {
            return Err("the disk failed before");
        }
        match job {
            Job::Append { batches, .. } => {
                if self.failure == Some(Failure::Refused) {
                    self.failure = None;
                    return Err("the disk is busy");
                }
                self.records.extend(batches.iter().map(Record::of));
            }
            Job::Snapshot { revision, body } => self.snapshots.push(Stored {
                revision: *revision,
                body: body.clone(),
                crc: crc32fast::hash(body),
                synced: false,
            }),
        }
        Ok(())
    }

    /// Makes the bytes in the cache durable.
    pub(crate) fn sync(&mut self) -> Result<(), &'static str> {
        if self.broken || self.failure == Some(Failure::Broken) {
            self.broken = true;
            self.failure = None;
            return Err("the disk failed");
        }
        if self.plant != Some(Plant::SkipSync) {
            for record in &mut self.records {
                record.synced = true;
            }
            for snapshot in &mut self.snapshots {
                snapshot.synced = true;
            }
        }
        Ok(())
    }

    /// Returns the revision that survives a power cut.
    pub(crate) fn durable(&self) -> u64 {
        let synced = self.records.iter().take_while(|record| record.synced);
        let last = synced.last().and_then(Record::read);
        last.map_or(0, |batch| last_revision(&batch))
    }

    /// Cuts the power. Of the records that were not synced, some remain, the next remains in part,
    /// and the others are lost.
    pub(crate) fn cut_power(&mut self, random: &mut Random) {
        (self.broken, self.failure) = (false, None);
        let synced = self.records.iter().filter(|record| record.synced).count();
        let kept = synced + random.below(self.records.len() - synced + 1);
        let torn = self.records.drain(kept..).next();
        if let Some(mut torn) = torn {
            torn.bytes.truncate(random.below(torn.bytes.len()));
            self.records.push(torn);
        }
        self.snapshots.retain_mut(|stored| {
            if !stored.synced && random.percent(50) {
                stored.body.truncate(random.below(stored.body.len()));
            }
            stored.synced || random.percent(50)
        });
    }
}

impl Record {
    fn of(batch: &EncodedBatch) -> Self {
        let body = batch.bytes();
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(crc32fast::hash(body).to_le_bytes());
        bytes.extend_from_slice(body);
        Self {
            bytes,
            synced: false,
        }
    }

    /// Returns the batch if the record is whole.
    fn read(&self) -> Option<CommittedBatch> {
        let (header, body) = self.bytes.split_at_checked(HEADER)?;
        let (length, crc) = header.split_at_checked(4)?;
        let whole = length == (body.len() as u32).to_le_bytes()
            && crc == crc32fast::hash(body).to_le_bytes();
        whole.then(|| CommittedBatch::decode(body).ok()).flatten()
    }
}

/// Returns the revision of a batch's last op.
pub(crate) fn last_revision(batch: &CommittedBatch) -> u64 {
    batch.first_revision + batch.ops.len() as u64 - 1
}

/// Returns a batch without its ops after a revision.
pub(crate) fn until(batch: &CommittedBatch, revision: u64) -> CommittedBatch {
    let mut batch = batch.clone();
    if last_revision(&batch) > revision {
        batch
            .ops
            .truncate((revision + 1 - batch.first_revision) as usize);
        // The hash belongs to the whole batch and does not fit the part.
        batch.state_hash = 0;
    }
    batch
}
