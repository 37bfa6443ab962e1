use crate::limits::SNAPSHOT_BYTES_MAX;
use fmz_annotation::SnapshotError;
use fmz_proto::WireError;

/// Errors by which the server broke the protocol. The connection is of no use any more: close it
/// and make another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame of the WebSocket cannot be read.
    #[error(transparent)]
    Frame(#[from] WireError),
    /// A snapshot is larger than a client accepts.
    #[error("the snapshot is larger than {SNAPSHOT_BYTES_MAX} bytes")]
    SnapshotTooLarge,
    /// The bytes of a snapshot are no `DocumentSnapshot`.
    #[error("the snapshot is no protobuf message")]
    SnapshotMalformed,
    /// The message of a snapshot describes no valid document.
    #[error("the snapshot is no document: {0}")]
    Snapshot(#[from] SnapshotError),
}

impl ProtocolError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frame(error) => error.code(),
            Self::SnapshotTooLarge => "snapshot_too_large",
            Self::SnapshotMalformed => "malformed",
            Self::Snapshot(error) => error.code(),
        }
    }
}
