//! Snapshots, a file each, in a folder for each video.

use super::{
    files::{self, Files},
    names, read, sealed,
    shared::Shared,
};
use crate::{
    Chain, Head, Loss, REVISION_MAX, Snapshot, SnapshotError,
    thinning::{self, Kept},
};
use fmz_proto::v1::StoredSnapshot;
use std::{
    io,
    sync::{Arc, Mutex},
};

#[derive(Debug)]
pub(super) struct Snapshots {
    files: Arc<dyn Files>,
    shared: Arc<Shared>,
    /// Held while a snapshot is written. One after the other leaves the disk to the log.
    writing: Mutex<()>,
}

impl Snapshots {
    pub(super) fn new(files: Arc<dyn Files>, shared: Arc<Shared>) -> Self {
        Self {
            files,
            shared,
            writing: Mutex::default(),
        }
    }

    pub(super) fn put(&self, video: &str, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let Snapshot { head, document } = snapshot;
        let entry = self.shared.index().ending_at(video, head.revision);
        let chain = entry.and_then(|entry| read::chain_of(&*self.files, video, &entry));
        if chain != Some(head.chain) {
            return Err(SnapshotError::Head(head.revision));
        }
        let stored = StoredSnapshot {
            video: video.to_owned(),
            revision: head.revision,
            chain: head.chain.as_bytes().to_vec().into(),
            document,
        };
        let bytes = sealed::encode(sealed::SNAPSHOT, &stored);
        let _one = self.writing.lock().expect("no holder of this lock panics");
        let folder = self.folder(video)?;
        self.write(&folder, head.revision, &bytes)?;
        self.thin(video, &folder)?;
        Ok(())
    }

    /// Returns the folder of a video's snapshots, which is made if it is not there.
    fn folder(&self, video: &str) -> io::Result<String> {
        let name = names::video(video);
        let folder = names::snapshot_folder(&name);
        if self.files.list(&folder)?.is_empty() {
            self.files.create_folder(&folder)?;
            self.files.sync_folder(names::SNAPSHOTS)?;
            self.files.sync_folder("")?;
        }
        Ok(folder)
    }

    /// Writes a snapshot. It has its name only once all of it is durable.
    fn write(&self, folder: &str, revision: u64, bytes: &[u8]) -> io::Result<()> {
        let unfinished = names::unfinished(folder);
        let mut file = self.files.create(&unfinished)?;
        file.append(bytes)?;
        file.sync()?;
        let path = names::snapshot(folder, revision);
        self.files.rename(&unfinished, &path)?;
        self.files.sync_folder(folder)
    }

    fn thin(&self, video: &str, folder: &str) -> io::Result<()> {
        let mut kept = Vec::new();
        for revision in self.revisions(folder)? {
            let file = self.files.open(&names::snapshot(folder, revision))?;
            let bytes = file.length()?;
            kept.push(Kept { revision, bytes });
        }
        let index = self.shared.index();
        let surplus = thinning::surplus(&kept, |after, to| index.log_bytes(video, after, to));
        drop(index);
        surplus
            .into_iter()
            .try_for_each(|revision| self.files.remove(&names::snapshot(folder, revision)))
    }

    fn revisions(&self, folder: &str) -> io::Result<Vec<u64>> {
        let names = self.files.list(folder)?;
        let mut revisions: Vec<u64> = names
            .iter()
            .filter_map(|name| names::snapshot_revision(name))
            .collect();
        revisions.sort_unstable();
        Ok(revisions)
    }

    pub(super) fn list(&self, video: &str) -> io::Result<Vec<u64>> {
        self.revisions(&names::snapshot_folder(&names::video(video)))
    }

    pub(super) fn newest(&self, video: &str, at: u64) -> io::Result<Option<Snapshot>> {
        let folder = names::snapshot_folder(&names::video(video));
        let revisions = self.revisions(&folder)?;
        for &revision in revisions.iter().rev().filter(|revision| **revision <= at) {
            let path = names::snapshot(&folder, revision);
            match files::read(&*self.files, &path) {
                Ok(bytes) => match self.checked(video, revision, bytes) {
                    Some(snapshot) => return Ok(Some(snapshot)),
                    None => self.put_aside(video, revision, &path)?,
                },
                // It was thinned out since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Makes sure that the log's head is not before a snapshot: then the log has lost its end, and
    /// the snapshot tells how far the log went.
    pub(super) fn settle_head(&self, video: &str) -> io::Result<()> {
        let newest = self.list(video)?.last().copied().unwrap_or(0);
        if newest > self.shared.index().head(video).revision {
            self.newest(video, u64::MAX)?;
        }
        Ok(())
    }

    fn checked(&self, video: &str, revision: u64, bytes: Vec<u8>) -> Option<Snapshot> {
        let stored: StoredSnapshot = sealed::decode(sealed::SNAPSHOT, bytes)?;
        let chain = Chain::read(&stored.chain)?;
        let right =
            stored.video == video && stored.revision == revision && revision <= REVISION_MAX;
        let (head, document) = (Head { revision, chain }, stored.document);
        (right && self.belongs(video, head)).then_some(Snapshot { head, document })
    }

    /// Returns whether the log has this chain at this revision. If the log has lost that place, the
    /// snapshot is all that is left of it, and belongs to it.
    fn belongs(&self, video: &str, snapshot: Head) -> bool {
        let entry = self.shared.index().ending_at(video, snapshot.revision);
        if let Some(entry) = entry {
            let found = read::chain_of(&*self.files, video, &entry);
            return found.is_none_or(|found| found == snapshot.chain);
        }
        let mut index = self.shared.index_mut();
        let head = index.head(video).revision;
        if snapshot.revision > head {
            index.lose(video, snapshot);
            self.shared.lost(Loss::Revisions {
                video: video.to_owned(),
                first: head + 1,
                last: snapshot.revision,
            });
        }
        !index.holds(video, snapshot.revision)
    }

    fn put_aside(&self, video: &str, revision: u64, path: &str) -> io::Result<()> {
        self.shared.lost(Loss::Snapshot {
            video: video.to_owned(),
            revision,
        });
        self.files.rename(path, &names::bad_snapshot(path))
    }
}
