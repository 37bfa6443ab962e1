//! The one thread that writes: it takes all that waits, writes it at once, syncs once, and answers everyone.

use super::{
    DiskOptions, Shared,
    folder::Folder,
    index::Place,
    recovery::Tail,
    segment::{self, HEADER_BYTES},
};
use crate::{AppendError, CatalogError, ROOMS_MAX, follow};
use fmz_proto::v1::{CommittedBatch, StoredBatch, StoredRecord, StoredRoom, stored_record::Record};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, Write},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

/// Bytes after which a write takes in no more requests: a megabyte costs a disk about as much as its sync.
pub const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// A segment as it is written to. Tests put failures in here.
pub trait SegmentFile: Send {
    /// Writes all bytes behind those before.
    ///
    /// # Errors
    /// What the system says; the file then holds any part of the bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when all bytes written are durable.
    ///
    /// # Errors
    /// What the system says; it is then unknown what is durable.
    fn sync(&mut self) -> io::Result<()>;
}

impl SegmentFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

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

/// What one write carries.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    records: Vec<(StoredRecord, Place)>,
    waiting: Vec<Waiting>,
    heads: HashMap<String, u64>,
    rooms: HashSet<String>,
}

pub(super) struct Writer {
    folder: Folder,
    options: DiskOptions,
    shared: Arc<Shared>,
    file: Box<dyn SegmentFile>,
    tail: Tail,
}

impl Writer {
    pub(super) fn new(
        folder: Folder,
        options: DiskOptions,
        shared: Arc<Shared>,
        tail: Tail,
    ) -> io::Result<Self> {
        let file = (options.wrap)(folder.open_segment(tail.segment)?);
        Ok(Self {
            folder,
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
        let head = group
            .heads
            .get(video)
            .copied()
            .unwrap_or_else(|| self.shared.index().head(video));
        if head != expected {
            return Err(AppendError::Conflict { head });
        }
        let new_head = follow(head, &batches)?;
        let (bytes, records) = (group.bytes.len(), group.records.len());
        for batch in batches {
            let stored = StoredBatch {
                video: video.to_owned(),
                batch: Some(batch),
            };
            if !self.push(
                group,
                StoredRecord {
                    record: Some(Record::Batch(stored)),
                },
            ) {
                group.bytes.truncate(bytes);
                group.records.truncate(records);
                return Err(AppendError::TooLarge);
            }
        }
        group.heads.insert(video.to_owned(), new_head);
        Ok(())
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
        group.rooms.insert(room.room.clone());
        let kept = self.push(
            group,
            StoredRecord {
                record: Some(Record::Room(room)),
            },
        );
        kept.then_some(())
            .ok_or_else(|| CatalogError::Failed("the room is over the size of a record".into()))
    }

    /// Adds a record to the write. False where it is too large.
    fn push(&self, group: &mut Group, record: StoredRecord) -> bool {
        let start = group.bytes.len();
        let fits = segment::push_record(&mut group.bytes, self.tail.bytes as u32, &record);
        let place = Place {
            segment: self.tail.segment,
            offset: self.tail.bytes + start as u64,
            length: (group.bytes.len() - start) as u32,
        };
        if fits {
            group.records.push((record, place));
        }
        fits
    }

    fn finish(&mut self, group: Group) {
        let outcome = self.write(&group);
        if let Err(error) = &outcome {
            tracing::error!(%error, "the log cannot be written; nothing is acknowledged any more");
            self.shared.fail(error.to_string());
        } else {
            let mut index = self.shared.index_mut();
            for (record, place) in group.records {
                let follows = index.add(record, place);
                debug_assert!(follows, "heads were compared before the write");
            }
        }
        let outcome = outcome.map_err(|error| error.to_string());
        for waiting in group.waiting {
            waiting.answer(&outcome);
        }
        self.rotate_if_full();
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
        match self
            .folder
            .create_segment(self.tail.segment + 1, self.tail.bytes)
        {
            Ok(file) => {
                self.file = (self.options.wrap)(file);
                self.tail = Tail {
                    segment: self.tail.segment + 1,
                    bytes: HEADER_BYTES as u64,
                };
            }
            Err(error) => {
                tracing::error!(%error, "no new segment can be made; nothing is acknowledged any more");
                self.shared.fail(error.to_string());
            }
        }
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
