//! The one thread that writes: it takes all that waits, writes it at once, syncs
//! once, and answers everyone.

use super::{
    DiskOptions, Shared,
    files::{Files, WriteFile},
    index::{Entry, Place},
    names,
    recovery::{self, Tail},
    segment::{self, HEADER_BYTES},
};
use crate::{AppendError, CatalogError, Chain, ROOMS_MAX, follow};
use fmz_proto::{
    Message,
    v1::{CommittedBatch, StoredBatch, StoredRecord, StoredRoom, stored_record::Record},
};
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

/// Bytes after which a write takes in no more requests: a megabyte costs a disk
/// about as much as its sync.
pub const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// What the writer is asked to do.
pub(super) enum Request {
    Append {
        video: String,
        expected: u64,
        batches: Vec<CommittedBatch>,
        answer: oneshot::Sender<Result<(), AppendError>>,
    },
    CreateRoom {
        room: StoredRoom,
        answer: oneshot::Sender<Result<(), CatalogError>>,
    },
    Flush(oneshot::Sender<()>),
}

/// An answer that waits for the sync.
enum Waiting {
    Append(oneshot::Sender<Result<(), AppendError>>),
    CreateRoom(oneshot::Sender<Result<(), CatalogError>>),
    Flush(oneshot::Sender<()>),
}

/// A record of a write.
enum Written {
    Room(StoredRoom),
    Batch {
        video: String,
        entry: Entry,
        chain: Chain,
    },
}

/// What one write carries.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    records: Vec<Written>,
    waiting: Vec<Waiting>,
    heads: HashMap<String, (u64, Chain)>,
    rooms: HashSet<String>,
}

pub(super) struct Writer {
    files: Arc<dyn Files>,
    options: DiskOptions,
    shared: Arc<Shared>,
    file: Box<dyn WriteFile>,
    tail: Tail,
}

impl Writer {
    pub(super) fn new(
        files: Arc<dyn Files>,
        options: DiskOptions,
        shared: Arc<Shared>,
        tail: Tail,
    ) -> io::Result<Self> {
        let file = files.append(&names::segment(tail.segment))?;
        Ok(Self {
            files,
            options,
            shared,
            file,
            tail,
        })
    }

    /// Runs until nobody can ask any more.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut group = Group::default();
            self.take(first, &mut group);
            while group.bytes.len() < GROUP_BYTES_MAX {
                let Ok(request) = requests.try_recv() else {
                    break;
                };
                self.take(request, &mut group);
            }
            self.finish(group);
        }
        if self.shared.failure().is_none() {
            self.index(self.tail);
        }
    }

    /// Writes down what a segment holds: a full one is not read again, and nothing that the
    /// last one held can go unseen.
    fn index(&self, tail: Tail) {
        let index = self.shared.index().of_segment(tail.segment, tail.bytes);
        if let Err(error) = recovery::write_index(&*self.files, &index) {
            tracing::warn!(%error, "the index of a segment is not written; the next start makes it");
        }
    }

    fn take(&self, request: Request, group: &mut Group) {
        match request {
            Request::Append {
                video,
                expected,
                batches,
                answer,
            } => match self.add_batches(group, &video, expected, batches) {
                Ok(()) => group.waiting.push(Waiting::Append(answer)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Request::CreateRoom { room, answer } => match self.add_room(group, room) {
                Ok(()) => group.waiting.push(Waiting::CreateRoom(answer)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Request::Flush(answer) => group.waiting.push(Waiting::Flush(answer)),
        }
    }

    fn add_batches(
        &self,
        group: &mut Group,
        video: &str,
        expected: u64,
        batches: Vec<CommittedBatch>,
    ) -> Result<(), AppendError> {
        self.shared
            .failure()
            .map_or(Ok(()), |text| Err(AppendError::Failed(text)))?;
        let (head, mut chain) = group
            .heads
            .get(video)
            .copied()
            .unwrap_or_else(|| self.shared.index().head(video));
        if head != expected {
            return Err(AppendError::Conflict { head });
        }
        let new_head = follow(head, &batches)?;
        let (bytes, records) = (group.bytes.len(), group.records.len());
        for batch in &batches {
            let Some(next) = self.add_batch(group, video, batch, chain) else {
                group.bytes.truncate(bytes);
                group.records.truncate(records);
                return Err(AppendError::TooLarge);
            };
            chain = next;
        }
        group.heads.insert(video.to_owned(), (new_head, chain));
        Ok(())
    }

    /// Returns the chain behind the batch; `None` where the batch is too large.
    fn add_batch(
        &self,
        group: &mut Group,
        video: &str,
        batch: &CommittedBatch,
        chain: Chain,
    ) -> Option<Chain> {
        let encoded = batch.encode_to_vec();
        let chain = chain.next(&encoded);
        let (first, ops) = (batch.first_revision, batch.ops.len() as u32);
        let stored = StoredBatch {
            video: video.to_owned(),
            batch: encoded.into(),
            chain: chain.as_bytes().to_vec().into(),
            first_revision: first,
            ops,
        };
        let place = self.push(group, Record::Batch(stored))?;
        group.records.push(Written::Batch {
            video: video.to_owned(),
            entry: Entry { first, ops, place },
            chain,
        });
        Some(chain)
    }

    fn add_room(&self, group: &mut Group, room: StoredRoom) -> Result<(), CatalogError> {
        self.shared
            .failure()
            .map_or(Ok(()), |text| Err(CatalogError::Failed(text)))?;
        let (exists, count) = {
            let index = self.shared.index();
            (index.rooms().contains_key(&room.room), index.rooms().len())
        };
        if exists || group.rooms.contains(&room.room) {
            return Err(CatalogError::Exists);
        }
        if count + group.rooms.len() >= ROOMS_MAX {
            return Err(CatalogError::Full);
        }
        self.push(group, Record::Room(room.clone()))
            .ok_or_else(|| CatalogError::Failed("the room is over the size of a record".into()))?;
        group.rooms.insert(room.room.clone());
        group.records.push(Written::Room(room));
        Ok(())
    }

    /// Adds a record to the write. `None` where it is too large.
    fn push(&self, group: &mut Group, record: Record) -> Option<Place> {
        let start = group.bytes.len();
        let record = StoredRecord {
            record: Some(record),
        };
        let fits = segment::push_record(&mut group.bytes, self.tail.bytes as u32, &record);
        fits.then(|| Place {
            segment: self.tail.segment,
            offset: self.tail.bytes as u32 + start as u32,
            length: (group.bytes.len() - start) as u32,
        })
    }

    fn finish(&mut self, group: Group) {
        let outcome = self.write(&group);
        if let Err(error) = &outcome {
            tracing::error!(%error, "the log cannot be written; nothing is acknowledged any more");
            self.shared.fail(error.to_string());
        } else {
            self.publish(group.records);
        }
        let outcome = outcome.map_err(|error| error.to_string());
        for waiting in group.waiting {
            waiting.answer(&outcome);
        }
        self.rotate_if_full();
    }

    fn publish(&self, records: Vec<Written>) {
        let mut index = self.shared.index_mut();
        for record in records {
            match record {
                Written::Room(room) => {
                    index.add_room(room, self.tail.segment);
                }
                Written::Batch {
                    video,
                    entry,
                    chain,
                } => index.add_batch(video, entry, chain),
            }
        }
    }

    fn write(&mut self, group: &Group) -> io::Result<()> {
        if group.bytes.is_empty() {
            return Ok(());
        }
        self.file.append(&group.bytes)?;
        self.file.sync()?;
        self.tail.bytes += group.bytes.len() as u64;
        Ok(())
    }

    /// Begins a new segment between two writes, so that no write lies in two.
    fn rotate_if_full(&mut self) {
        let full = self.tail.bytes >= self.options.segment_bytes_max;
        if !full || self.shared.failure().is_some() {
            return;
        }
        if let Err(error) = self.rotate() {
            tracing::error!(%error, "no new segment can be made; nothing is acknowledged any more");
            self.shared.fail(error.to_string());
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        let full = self.tail;
        let segment = full.segment + 1;
        self.file = recovery::create_segment(&*self.files, segment, full.bytes)?;
        let bytes = HEADER_BYTES as u64;
        self.tail = Tail { segment, bytes };
        self.shared.index_mut().set_open_segment(segment);
        self.index(full);
        Ok(())
    }
}

impl Waiting {
    /// Whoever gave up waiting is not told.
    fn answer(self, outcome: &Result<(), String>) {
        match self {
            Self::Append(answer) => drop(answer.send(outcome.clone().map_err(AppendError::Failed))),
            Self::CreateRoom(answer) => {
                drop(answer.send(outcome.clone().map_err(CatalogError::Failed)))
            }
            Self::Flush(answer) => drop(answer.send(())),
        }
    }
}
