//! A video's document as it was at any revision: the nearest snapshot, and the log behind it.

use fmz_annotation::{ApplyError, Document};
use fmz_proto::{Message, v1::DocumentSnapshot};
use fmz_store::{Head, LogEntry, OpLog, Snapshot, SnapshotError, StoreError, Stores};
use tokio::{runtime::Handle, task::spawn_blocking};

/// Why there is no document of a revision.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    /// What would be needed cannot be read, or is lost.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log does not go that far.
    #[error("the log ends at revision {0}")]
    Beyond(u64),
    /// What was read makes no document.
    #[error("revision {revision}: {text}")]
    Document { revision: u64, text: String },
}

impl HistoryError {
    /// The stable code of this error.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Beyond(_) => "no_such_revision",
            Self::Document { .. } => "unreadable",
        }
    }
}

/// A document as it opens.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) document: Document,
    /// The end of the last batch that is in the document whole.
    pub(crate) head: Head,
    /// Size of the snapshot that it came from; 0 for none.
    pub(crate) snapshot_bytes: u64,
    /// Bytes of log that were applied to it.
    pub(crate) tail_bytes: u64,
    /// What ends the document before the log's end.
    pub(crate) lost: Option<StoreError>,
}

/// Returns the document of `video` as it was behind the op `revision`; 0 gives the empty one.
///
/// Reads one snapshot and a tail of about its size at most, see [`fmz_store::snapshot_is_due`]. All
/// work is done beside the runtime's own threads.
///
/// # Errors
/// [`HistoryError`].
pub(crate) async fn document_at(
    stores: &Stores,
    video: &str,
    revision: u64,
) -> Result<Document, HistoryError> {
    Ok(opened_at(stores, video, revision).await?.document)
}

async fn opened_at(stores: &Stores, video: &str, revision: u64) -> Result<Opened, HistoryError> {
    let mut opened = read(stores, video, revision).await?;
    let head = opened.document.revision();
    match opened.lost.take() {
        _ if head == revision => Ok(opened),
        Some(lost) => Err(lost.into()),
        None => Err(HistoryError::Beyond(head)),
    }
}

/// Returns the newest document of `video`, as far as its log can be read.
///
/// # Errors
/// [`HistoryError`].
pub(crate) async fn newest(stores: &Stores, video: &str) -> Result<Opened, HistoryError> {
    read(stores, video, u64::MAX).await
}

/// Writes a snapshot of `video` at `revision` and returns its size, bytes. The document is read
/// from the store, so that the room that has it open is not kept waiting.
///
/// # Errors
/// The text of what went wrong.
pub(crate) async fn write_snapshot(
    stores: &Stores,
    video: &str,
    revision: u64,
) -> Result<u64, String> {
    let opened = opened_at(stores, video, revision).await;
    let Opened { document, head, .. } = opened.map_err(|error| error.to_string())?;
    if head.revision != revision {
        return Err(SnapshotError::Head(revision).to_string());
    }
    let encode = move || document.snapshot().encode_to_vec();
    let bytes = spawn_blocking(encode).await;
    let bytes = bytes.map_err(|error| error.to_string())?;
    let size = bytes.len() as u64;
    let document = bytes.into();
    let put = stores
        .snapshots
        .put_snapshot(video, Snapshot { head, document });
    put.await.map(|()| size).map_err(|error| error.to_string())
}

async fn read(stores: &Stores, video: &str, to: u64) -> Result<Opened, HistoryError> {
    let (stores, video) = (stores.clone(), video.to_owned());
    let runtime = Handle::current();
    let work = move || runtime.block_on(read_here(&stores, &video, to));
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string()).into()))
}

/// Reads a document. Goes back to older snapshots, at last to none, if one makes no document.
async fn read_here(stores: &Stores, video: &str, to: u64) -> Result<Opened, HistoryError> {
    let mut at = to;
    loop {
        let snapshot = stores.snapshots.snapshot(video, at).await?;
        let from = snapshot.as_ref().map(|snapshot| snapshot.head.revision);
        match (replay(&*stores.log, video, to, snapshot).await, from) {
            (Err(error @ HistoryError::Document { .. }), Some(revision)) => {
                tracing::error!(video, revision, %error, "a snapshot is passed over");
                at = revision.saturating_sub(1);
            }
            (answer, _) => return answer,
        }
    }
}

async fn replay(
    log: &dyn OpLog,
    video: &str,
    to: u64,
    snapshot: Option<Snapshot>,
) -> Result<Opened, HistoryError> {
    let mut opened = snapshot.map_or_else(|| Ok(Opened::default()), from_snapshot)?;
    while opened.document.revision() < to {
        let page = match log.read(video, opened.document.revision(), to).await {
            Ok(page) if page.is_empty() => break,
            Ok(page) => page,
            Err(error @ (StoreError::Lost { .. } | StoreError::Unreadable { .. })) => {
                opened.lost = Some(error);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        for entry in page {
            opened.apply(entry, to)?;
        }
    }
    Ok(opened)
}

fn from_snapshot(snapshot: Snapshot) -> Result<Opened, HistoryError> {
    let (head, revision) = (snapshot.head, snapshot.head.revision);
    let broken = |text| HistoryError::Document { revision, text };
    let snapshot_bytes = snapshot.document.len() as u64;
    let state = DocumentSnapshot::decode(snapshot.document);
    let state = state.map_err(|error| broken(error.to_string()))?;
    let document = Document::from_snapshot(state).map_err(|error| broken(error.to_string()))?;
    if document.revision() != revision {
        return Err(broken(format!("it is of {}", document.revision())));
    }
    Ok(Opened {
        document,
        head,
        snapshot_bytes,
        ..Opened::default()
    })
}

impl Opened {
    /// Applies a batch, or its beginning if it goes beyond `to`.
    fn apply(&mut self, entry: LogEntry, to: u64) -> Result<(), HistoryError> {
        let LogEntry { record, mut batch } = entry;
        if batch.first_revision > to {
            return Ok(());
        }
        let (head, ops) = (record.head(), to - batch.first_revision);
        let revision = head.revision;
        if revision > to {
            batch.ops.truncate(ops as usize + 1);
            // It is that of the whole batch.
            batch.state_hash = 0;
        } else {
            self.head = head;
        }
        self.tail_bytes += record.batch().bytes().len() as u64;
        let applied: Result<(), ApplyError> = self.document.apply(&batch);
        applied.map_err(|error| HistoryError::Document {
            revision,
            text: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_annotation::FramesOf;
    use fmz_proto::v1::{AuthorAdded, CommittedBatch, Create, FrameStamp, Kind, ObjectId, Op, op};
    use fmz_store::{Disk, Memory, contract, last_revision};
    use std::{path::Path, sync::Arc};
    use tempfile::TempDir;

    const BATCHES: u64 = 12;

    /// Batch `at` of a log in which each has three rectangles, behind a first one
    /// that adds their author.
    fn batch(at: u64) -> CommittedBatch {
        let create = |number: u64| {
            let counter = (at * 3 + number) as u32;
            op::Op::Create(Create {
                id: Some(ObjectId { author: 1, counter }),
                kind: Kind::Rectangle.into(),
                frame: Some(FrameStamp::default()),
                properties: vec![],
                parent: None,
            })
        };
        let author = op::Op::AuthorAdded(AuthorAdded {
            author: 1,
            identity: "ada".into(),
            name: "Ada".into(),
            session_key: vec![7; 16].into(),
        });
        let ops: Vec<_> = match at {
            0 => vec![author],
            _ => (0..3).map(create).collect(),
        };
        CommittedBatch {
            state_hash: 0,
            first_revision: (at * 3).saturating_sub(1).max(1),
            author: u32::from(at > 0),
            client_seq: at,
            committed_ms: 1000 + at,
            ops: ops.into_iter().map(|op| Op { op: Some(op) }).collect(),
        }
    }

    async fn stores() -> Stores {
        let store = Memory::new();
        let batches: Vec<_> = (0..BATCHES).map(batch).collect();
        let appended = contract::append(&store, "v", 0, &batches).await;
        appended.unwrap();
        Arc::new(store).into()
    }

    fn head() -> u64 {
        last_revision(&batch(BATCHES - 1))
    }

    #[tokio::test]
    async fn history1_every_revision_is_the_same_from_any_snapshot() {
        let mut from_log = Vec::new();
        for revision in 0..=head() {
            let document = document_at(&stores().await, "v", revision).await.unwrap();
            assert_eq!(document.revision(), revision);
            from_log.push(document);
        }
        for at in 0..BATCHES {
            let (stores, at) = (stores().await, last_revision(&batch(at)));
            write_snapshot(&stores, "v", at).await.unwrap();
            for (revision, expected) in from_log.iter().enumerate() {
                let document = document_at(&stores, "v", revision as u64).await;
                assert_eq!(document.unwrap(), *expected, "{revision} from {at}");
            }
            let opened = newest(&stores, "v").await.unwrap();
            assert_eq!(opened.head.revision, opened.document.revision());
            assert_eq!(Some(&opened.document), from_log.last());
            assert!(opened.snapshot_bytes > 0 && opened.lost.is_none());
        }
    }

    #[tokio::test]
    async fn history1_beyond_the_log_there_is_nothing() {
        let error = document_at(&stores().await, "v", head() + 1)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "no_such_revision");
        let inside = write_snapshot(&stores().await, "v", 3).await;
        assert!(inside.is_err(), "no batch ends there");
    }

    /// Copies a folder that a build of a format wrote, opens the document in it, and returns it
    /// with what was expected.
    async fn opened(format: &Path) -> (Document, String) {
        let copy = TempDir::new().unwrap();
        copy_all(&format.join("log"), copy.path());
        let stores = Arc::new(Disk::open(copy.path()).unwrap()).into();
        let opened = newest(&stores, "dailies").await.unwrap();
        assert!(opened.lost.is_none() && opened.snapshot_bytes > 0);
        let expected = std::fs::read_to_string(format.join("expected.txt")).unwrap();
        (opened.document, expected)
    }

    fn copy_all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            match from.is_dir() {
                true => copy_all(&from, &to),
                false => drop(std::fs::copy(from, to).unwrap()),
            }
        }
    }

    #[tokio::test]
    async fn format4_the_documents_of_every_format_are_what_their_builds_said() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/formats");
        let mut seen = 0;
        for format in std::fs::read_dir(kept).unwrap() {
            let format = format.unwrap().path();
            if !format.is_dir() {
                continue;
            }
            let (document, expected) = opened(&format).await;
            let told = format!(
                "objects {}\nrevision {}\nstate_hash {:016x}\n",
                document.object_count(),
                document.revision(),
                document.state_hash()
            );
            assert_eq!(told, expected, "{}", format.display());
            let again = Document::from_snapshot(document.snapshot()).unwrap();
            assert_eq!(again, document);
            seen += 1;
        }
        assert!(seen >= fmz_store::FORMAT as usize - 1);
    }

    #[tokio::test]
    async fn format4_a_mark_that_is_older_than_media_is_of_no_media() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/formats");
        let (document, _) = opened(&kept.join("1")).await;
        assert_eq!(document.media_count(), 0);
        for object in document.objects() {
            let stamp = object.frame();
            assert_eq!((&*stamp.media, &*stamp.publication), ("", "p-1-1"));
        }
        let of = FramesOf::Publication("p-1-1".into());
        assert!(document.frames(&of, 0..=u32::MAX).count() > 100);
        let of = FramesOf::Media("p-1-1".into());
        assert_eq!(document.frames(&of, 0..=u32::MAX).count(), 0);
    }

    #[tokio::test]
    async fn history3_a_snapshot_that_makes_no_document_is_passed_over() {
        let stores = stores().await;
        let good = last_revision(&batch(2));
        write_snapshot(&stores, "v", good).await.unwrap();
        let wrong = opened_at(&stores, "v", last_revision(&batch(5))).await;
        let wrong = Snapshot {
            head: wrong.unwrap().head,
            document: vec![0xff; 40].into(),
        };
        let put = stores.snapshots.put_snapshot("v", wrong).await;
        put.unwrap();
        let opened = newest(&stores, "v").await.unwrap();
        assert_eq!(opened.document.revision(), head());
        assert!(opened.snapshot_bytes > 0, "the one before was taken");
    }
}
