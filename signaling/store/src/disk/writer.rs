//! The one thread that writes: it takes everything that waits, writes it at once, syncs once, and
//! answers everyone.

use super::{
    files::{Files, WriteFile},
    index::{Entry, Place},
    names,
    options::DiskOptions,
    recovery::{self, Tail},
    segment::{self, HEADER_BYTES},
    shared::Shared,
};
use crate::{
    AppendError, CatalogError, Epoch, Head, Lease, OpenedLog, ROOMS_MAX, Record, Records,
    StoreError,
};
use fmz_proto::v1::StoredRoom;
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

/// Bytes after which a write takes in no more requests: a megabyte costs a disk about as much as
/// its sync.
pub const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// What is asked of the writer.
pub(super) enum Request {
    Open {
        video: Arc<str>,
        answer: Answer<OpenedLog, StoreError>,
    },
    Append {
        lease: Lease,
        records: Records,
        answer: Answer<(), AppendError>,
    },
    CreateRoom {
        room: StoredRoom,
        answer: Answer<(), CatalogError>,
    },
    Flush(oneshot::Sender<()>),
}

type Answer<T, E> = oneshot::Sender<Result<T, E>>;

/// An answer that waits for the sync.
enum Waiting {
    Open(Arc<str>, Epoch, Answer<OpenedLog, StoreError>),
    Append(Answer<(), AppendError>),
    CreateRoom(Answer<(), CatalogError>),
    Flush(oneshot::Sender<()>),
}

/// The records of one append, in the write.
struct Appended {
    video: Arc<str>,
    /// Number of [`Group::entries`] that are the append's, behind those of the append before.
    entries: usize,
    head: Head,
}

/// All that one write carries. It is emptied and filled again, so that its buffers are made once.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    appended: Vec<Appended>,
    rooms: Vec<StoredRoom>,
    room_names: HashSet<String>,
    /// Ends of the logs that the write goes on with.
    heads: HashMap<Arc<str>, Head>,
    waiting: Vec<Waiting>,
}

pub(super) struct Writer {
    files: Arc<dyn Files>,
    options: DiskOptions,
    shared: Arc<Shared>,
    file: Box<dyn WriteFile>,
    tail: Tail,
    /// The last opening of each video that was opened: no more of them than rooms are opened.
    epochs: HashMap<Arc<str>, Epoch>,
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
            epochs: HashMap::new(),
        })
    }

    /// Runs until nobody can ask any more.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Group::default();
        while let Some(first) = requests.blocking_recv() {
            self.take(first, &mut group);
            while group.bytes.len() < GROUP_BYTES_MAX {
                let Ok(request) = requests.try_recv() else {
                    break;
                };
                self.take(request, &mut group);
            }
            self.finish(&mut group);
        }
        if self.shared.health().is_ok() {
            self.index(self.tail);
        }
    }

    /// Writes the index of a segment: so a full segment is not read again, and nothing that the
    /// last one held can go unseen.
    fn index(&self, tail: Tail) {
        let index = self.shared.index().of_segment(tail.segment, tail.bytes);
        if let Err(error) = recovery::write_index(&*self.files, &index) {
            tracing::warn!(%error, "the index of a segment is not written; the next start makes it");
        }
    }

    fn take(&mut self, request: Request, group: &mut Group) {
        match request {
            Request::Open { video, answer } => {
                let epoch = next_epoch();
                self.epochs.insert(video.clone(), epoch);
                group.waiting.push(Waiting::Open(video, epoch, answer));
            }
            Request::Append {
                lease,
                records,
                answer,
            } => match self.add_records(group, &lease, &records) {
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

    fn add_records(
        &self,
        group: &mut Group,
        lease: &Lease,
        records: &Records,
    ) -> Result<(), AppendError> {
        self.shared.health().map_err(AppendError::Failed)?;
        let video = lease.video();
        if self.epochs.get(video) != Some(&lease.epoch()) {
            return Err(AppendError::Fenced);
        }
        let written = group.heads.get(video).copied();
        let head = written.unwrap_or_else(|| self.shared.index().head(video));
        if head != records.after() {
            let head = head.revision;
            return Err(AppendError::Conflict { head });
        }
        let (bytes, entries) = (group.bytes.len(), group.entries.len());
        for record in records.as_slice() {
            let Some(entry) = self.add_record(group, video, record) else {
                group.bytes.truncate(bytes);
                group.entries.truncate(entries);
                return Err(AppendError::TooLarge);
            };
            group.entries.push(entry);
        }
        let head = records.head();
        group.heads.insert(video.clone(), head);
        group.appended.push(Appended {
            video: video.clone(),
            entries: group.entries.len() - entries,
            head,
        });
        Ok(())
    }

    /// Adds a record to the write. Returns `None` if it is too large.
    fn add_record(&self, group: &mut Group, video: &str, record: &Record) -> Option<Entry> {
        let start = group.bytes.len();
        let fits = segment::push_batch(&mut group.bytes, self.tail.bytes as u32, video, record);
        fits.then(|| Entry {
            first: record.batch().first_revision(),
            ops: record.batch().ops(),
            place: self.place(group, start),
        })
    }

    /// Returns where the part of the write lies that begins at its byte `start`.
    fn place(&self, group: &Group, start: usize) -> Place {
        Place {
            segment: self.tail.segment,
            offset: self.tail.bytes as u32 + start as u32,
            length: (group.bytes.len() - start) as u32,
        }
    }

    fn add_room(&self, group: &mut Group, room: StoredRoom) -> Result<(), CatalogError> {
        self.shared.health().map_err(CatalogError::Failed)?;
        let (exists, count) = {
            let index = self.shared.index();
            (index.rooms().contains_key(&room.room), index.rooms().len())
        };
        if exists || group.room_names.contains(&room.room) {
            return Err(CatalogError::Exists);
        }
        if count + group.rooms.len() >= ROOMS_MAX {
            return Err(CatalogError::Full);
        }
        if !segment::push_room(&mut group.bytes, self.tail.bytes as u32, &room) {
            let text = "the room is over the size of a record";
            return Err(CatalogError::Failed(text.into()));
        }
        group.room_names.insert(room.room.clone());
        group.rooms.push(room);
        Ok(())
    }

    /// Writes what was taken in, answers everyone, and leaves the group empty.
    fn finish(&mut self, group: &mut Group) {
        let outcome = self.write(&group.bytes);
        if let Err(error) = &outcome {
            tracing::error!(%error, "the log cannot be written; nothing is acknowledged any more");
            self.shared.fail(error);
        } else {
            self.publish(group);
        }
        let outcome = outcome.map_err(|error| error.to_string());
        for waiting in group.waiting.drain(..) {
            self.answer(waiting, &outcome);
        }
        group.clear();
        self.rotate_if_full();
    }

    /// Shows readers what was written.
    fn publish(&self, group: &mut Group) {
        let mut index = self.shared.index_mut();
        let mut entries = &group.entries[..];
        for appended in &group.appended {
            let (these, rest) = entries.split_at(appended.entries);
            index.add_batches(&appended.video, these, appended.head.chain);
            entries = rest;
        }
        for room in group.rooms.drain(..) {
            index.add_room(room, self.tail.segment);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.file.append(bytes)?;
        self.file.sync()?;
        self.tail.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Answers a request. An asker that gave up waiting is not told.
    fn answer(&self, waiting: Waiting, outcome: &Result<(), String>) {
        let outcome = outcome.clone();
        match waiting {
            Waiting::Open(video, epoch, answer) => {
                let head = self.shared.index().head(&video);
                let lease = Lease::new(video, epoch);
                let opened = outcome.map(|()| OpenedLog { lease, head });
                drop(answer.send(opened.map_err(StoreError::Failed)));
            }
            Waiting::Append(answer) => {
                drop(answer.send(outcome.map_err(AppendError::Failed)));
            }
            Waiting::CreateRoom(answer) => {
                drop(answer.send(outcome.map_err(CatalogError::Failed)));
            }
            Waiting::Flush(answer) => drop(answer.send(())),
        }
    }

    /// Begins a new segment between two writes, so that no write lies in two. A segment without a
    /// record is never full.
    fn rotate_if_full(&mut self) {
        let full = self.tail.bytes >= self.options.segment_bytes_max.max(HEADER_BYTES as u64 + 1);
        if !full || self.shared.health().is_err() {
            return;
        }
        if let Err(error) = self.rotate() {
            tracing::error!(%error, "no new segment can be made; nothing is acknowledged any more");
            self.shared.fail(&error);
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

impl Group {
    /// Empties the group and keeps its buffers, up to the usual size of a write.
    fn clear(&mut self) {
        let Self {
            bytes,
            entries,
            appended,
            rooms,
            room_names,
            heads,
            waiting,
        } = self;
        bytes.clear();
        bytes.shrink_to(GROUP_BYTES_MAX);
        entries.clear();
        appended.clear();
        rooms.clear();
        room_names.clear();
        heads.clear();
        waiting.clear();
    }
}

/// Returns an epoch above all that this process gave. A lease lives no longer than its process,
/// and the folder's lock keeps other processes out; so no two openings of a log that can meet have
/// the same epoch.
fn next_epoch() -> Epoch {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Epoch(LAST.fetch_add(1, Ordering::Relaxed) + 1)
}
