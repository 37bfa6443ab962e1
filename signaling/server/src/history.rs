//! A video's document as it was at any revision: the nearest snapshot, and the log behind it.

use fmz_annotation::{ApplyError, Document};
use fmz_proto::{
    Message,
    v1::{CommittedBatch, DocumentSnapshot},
};
use fmz_store::{Snapshot, Store, StoreError, last_revision};
use std::sync::Arc;
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
    /// Size of the snapshot it came from; 0 for none.
    pub(crate) snapshot_bytes: u64,
    /// Bytes of log that were applied to it.
    pub(crate) tail_bytes: u64,
    /// What ends the document before the log's end.
    pub(crate) lost: Option<StoreError>,
}

/// Returns the document of `video` as it was behind the op `revision`; 0 gives the empty one.
///
/// Reads one snapshot and a tail of about its size at most, see [`fmz_store::snapshot_is_due`]; all
/// work is done beside the runtime's own threads.
///
/// # Errors
/// [`HistoryError`].
pub(crate) async fn document_at(
    store: Arc<dyn Store>,
    video: &str,
    revision: u64,
) -> Result<Document, HistoryError> {
    let opened = read(store, video, revision).await?;
    let head = opened.document.revision();
    match opened.lost {
        _ if head == revision => Ok(opened.document),
        Some(lost) => Err(lost.into()),
        None => Err(HistoryError::Beyond(head)),
    }
}

/// Returns the newest document of `video`, as far as its log can be read.
///
/// # Errors
/// [`HistoryError`].
pub(crate) async fn newest(store: Arc<dyn Store>, video: &str) -> Result<Opened, HistoryError> {
    read(store, video, u64::MAX).await
}

/// Writes a snapshot of `video` at `revision` and returns its size, bytes. The document is read
/// from the store, so that whoever has it open is not kept waiting.
///
/// # Errors
/// The text of what went wrong.
pub(crate) async fn write_snapshot(
    store: Arc<dyn Store>,
    video: &str,
    revision: u64,
) -> Result<u64, String> {
    let document = document_at(store.clone(), video, revision)
        .await
        .map_err(|error| error.to_string())?;
    let encode = move || document.snapshot().encode_to_vec();
    let bytes = spawn_blocking(encode).await;
    let bytes = bytes.map_err(|error| error.to_string())?;
    let size = bytes.len() as u64;
    let put = store.put_snapshot(video, revision, bytes.into()).await;
    put.map(|()| size).map_err(|error| error.to_string())
}

/// Returns the revision before the first batch behind `from` that was committed later than `ms`,
/// milliseconds since 1970; the log's last where none was.
///
/// # Errors
/// [`StoreError`] where the log cannot be read so far.
pub(crate) async fn revision_at(
    store: &dyn Store,
    video: &str,
    ms: u64,
    from: u64,
) -> Result<u64, StoreError> {
    let mut revision = from;
    loop {
        let page = store.read(video, revision, u64::MAX).await?;
        if page.is_empty() {
            return Ok(revision);
        }
        for batch in page {
            if batch.committed_ms > ms {
                return Ok(revision);
            }
            revision = last_revision(&batch);
        }
    }
}

async fn read(store: Arc<dyn Store>, video: &str, to: u64) -> Result<Opened, HistoryError> {
    let video = video.to_owned();
    let runtime = Handle::current();
    let work = move || runtime.block_on(read_here(&*store, &video, to));
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string()).into()))
}

/// Goes back to older snapshots, at last to none, where one makes no document.
async fn read_here(store: &dyn Store, video: &str, to: u64) -> Result<Opened, HistoryError> {
    let mut at = to;
    loop {
        let snapshot = store.snapshot(video, at).await?;
        let from = snapshot.as_ref().map(|snapshot| snapshot.revision);
        match (replay(store, video, to, snapshot).await, from) {
            (Err(error @ HistoryError::Document { .. }), Some(revision)) => {
                tracing::error!(video, revision, %error, "a snapshot is passed over");
                at = revision.saturating_sub(1);
            }
            (answer, _) => return answer,
        }
    }
}

async fn replay(
    store: &dyn Store,
    video: &str,
    to: u64,
    snapshot: Option<Snapshot>,
) -> Result<Opened, HistoryError> {
    let mut opened = snapshot.map_or_else(|| Ok(Opened::default()), from_snapshot)?;
    while opened.document.revision() < to {
        let page = match store.read(video, opened.document.revision(), to).await {
            Ok(page) if page.is_empty() => break,
            Ok(page) => page,
            Err(error @ (StoreError::Lost { .. } | StoreError::Unreadable { .. })) => {
                opened.lost = Some(error);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        for batch in page {
            opened.apply(batch, to)?;
        }
    }
    Ok(opened)
}

fn from_snapshot(snapshot: Snapshot) -> Result<Opened, HistoryError> {
    let revision = snapshot.revision;
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
        snapshot_bytes,
        ..Opened::default()
    })
}

impl Opened {
    /// Applies a batch, or its beginning where it goes beyond `to`.
    fn apply(&mut self, mut batch: CommittedBatch, to: u64) -> Result<(), HistoryError> {
        if batch.first_revision > to {
            return Ok(());
        }
        let (revision, ops) = (last_revision(&batch), to - batch.first_revision);
        if revision > to {
            batch.ops.truncate(ops as usize + 1);
            // It is that of the whole batch.
            batch.state_hash = 0;
        }
        self.tail_bytes += batch.encoded_len() as u64;
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
    use fmz_proto::v1::{AuthorAdded, Create, FrameStamp, Kind, ObjectId, Op, op};
    use fmz_store::{Disk, Memory, OpLog, SnapshotStore};
    use std::path::Path;
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

    async fn store() -> Arc<Memory> {
        let store = Memory::new();
        let batches: Vec<_> = (0..BATCHES).map(batch).collect();
        store.append("v", 0, batches).await.unwrap();
        Arc::new(store)
    }

    fn head() -> u64 {
        last_revision(&batch(BATCHES - 1))
    }

    #[tokio::test]
    async fn history1_every_revision_is_the_same_from_any_snapshot() {
        let mut from_log = Vec::new();
        for revision in 0..=head() {
            let document = document_at(store().await, "v", revision).await.unwrap();
            assert_eq!(document.revision(), revision);
            from_log.push(document);
        }
        for at in 0..BATCHES {
            let (store, at) = (store().await, last_revision(&batch(at)));
            write_snapshot(store.clone(), "v", at).await.unwrap();
            for (revision, expected) in from_log.iter().enumerate() {
                let document = document_at(store.clone(), "v", revision as u64).await;
                assert_eq!(document.unwrap(), *expected, "{revision} from {at}");
            }
            let opened = newest(store, "v").await.unwrap();
            assert_eq!(Some(&opened.document), from_log.last());
            assert!(opened.snapshot_bytes > 0 && opened.lost.is_none());
        }
    }

    #[tokio::test]
    async fn history1_beyond_the_log_there_is_nothing() {
        let error = document_at(store().await, "v", head() + 1)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "no_such_revision");
        let inside = write_snapshot(store().await, "v", 3).await;
        assert!(inside.is_err(), "no batch ends there");
    }

    /// Copies a folder that a build of a format wrote, opens the document in it, and returns it
    /// with what was expected.
    async fn opened(format: &Path) -> (Document, String) {
        let copy = TempDir::new().unwrap();
        copy_all(&format.join("log"), copy.path());
        let store = Arc::new(Disk::open(copy.path()).unwrap());
        let opened = newest(store, "dailies").await.unwrap();
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
        let store = store().await;
        let good = last_revision(&batch(2));
        write_snapshot(store.clone(), "v", good).await.unwrap();
        let wrong = last_revision(&batch(5));
        let bytes = vec![0xff; 40].into();
        store.put_snapshot("v", wrong, bytes).await.unwrap();
        let opened = newest(store, "v").await.unwrap();
        assert_eq!(opened.document.revision(), head());
        assert!(opened.snapshot_bytes > 0, "the one before was taken");
    }
}
