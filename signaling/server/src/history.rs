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
/// Reads one snapshot and a tail of about its size at most, see [`fmz_store::snapshot_is_due`]; all work is done beside the
/// runtime's own threads.
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

/// Writes a snapshot of `video` at `revision` and returns its size, bytes. The document is read from the store, so that whoever
/// has it open is not kept waiting.
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
        let page = match store.read(video, opened.document.revision()).await {
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
        }
        self.tail_bytes += batch.encoded_len() as u64;
        let applied: Result<(), ApplyError> = self.document.apply(&batch);
        applied.map_err(|error| HistoryError::Document {
            revision,
            text: error.to_string(),
        })
    }
}
