//! Errors of ops, batches and snapshots. Every `code()` is stable; clients may switch on it.

use fmz_proto::WireError;

/// The reason for which an op is refused. The rules are in `docs/SPEC-annotation.md`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpError {
    /// A field of the op is missing or out of range.
    #[error(transparent)]
    Field(#[from] WireError),
    /// The replica has not been told its author's number yet.
    #[error("no author number yet")]
    NoAuthor,
    /// The author's number was never given out in this document.
    #[error("author {author} is unknown")]
    UnknownAuthor {
        /// The number.
        author: u32,
    },
    /// The object belongs to another author.
    #[error("the object belongs to another author")]
    NotYours,
    /// No object has this id.
    #[error("no such object")]
    UnknownObject,
    /// An object with this id was created before.
    #[error("the object exists already")]
    Exists,
    /// No object has the id that a reply names as its pin.
    #[error("no such pin")]
    UnknownParent,
    /// A reply answers something that is no pin.
    #[error("only a pin can be answered")]
    NotAPin,
    /// Points were sent for something that has none.
    #[error("the object has no points")]
    NotAStroke,
    /// The stroke was ended before.
    #[error("the stroke is ended")]
    StrokeEnded,
    /// The stroke is not the one that its end speaks of: points were lost or doubled.
    #[error("the stroke is not the one that was drawn")]
    StrokeMismatch,
    /// The stroke would hold more points than [`fmz_proto::limits::STROKE_POINTS_MAX`].
    #[error("the stroke would hold too many points")]
    TooManyPoints,
    /// The document would hold more objects than [`crate::limits::OBJECTS_MAX`].
    #[error("the document would hold too many objects")]
    TooManyObjects,
    /// The document would hold more content than [`crate::limits::CONTENT_BYTES_MAX`].
    #[error("the document is full")]
    DocumentFull,
    /// A text edit walks past the end of the text.
    #[error("the edit does not fit the text")]
    BadTextEdit,
    /// The text would be longer than [`fmz_proto::limits::TEXT_BYTES_MAX`].
    #[error("the text would be too long")]
    TextTooLong,
    /// A text edit was made on a revision from which not all later ones are kept, see
    /// [`crate::limits::TEXT_CHANGES_MAX`].
    #[error("the edit was made too long ago")]
    BaseTooOld,
    /// Only the server may write this op.
    #[error("only the server writes this op")]
    ServerOnly,
    /// The author's number is taken.
    #[error("author {author} exists already")]
    AuthorExists {
        /// The number.
        author: u32,
    },
    /// The document would hold more authors than [`crate::limits::AUTHORS_MAX`].
    #[error("the document would hold too many authors")]
    TooManyAuthors,
    /// The document knows a media with this id.
    #[error("the media exists already")]
    MediaExists,
    /// No media has this id.
    #[error("no such media")]
    UnknownMedia,
    /// The document would hold more media than [`crate::limits::MEDIA_MAX`].
    #[error("the document would hold too many media")]
    TooManyMedia,
    /// The op speaks of the whole document and must be alone in its batch.
    #[error("the op must be alone in its batch")]
    NotAlone,
    /// No version has this id.
    #[error("no such version")]
    UnknownVersion,
    /// A version's id is not above that of the one before.
    #[error("versions must rise")]
    VersionOrder,
    /// A version claims another state than the document has.
    #[error("the version is of another state")]
    VersionState,
    /// The document would hold more versions than [`crate::limits::VERSIONS_MAX`].
    #[error("the document would hold too many versions")]
    TooManyVersions,
    /// No place in the drawing order of at most
    /// [`fmz_proto::limits::ORDER_BYTES_MAX`] bytes lies there.
    #[error("no place is left there in the drawing order")]
    OrderExhausted,
    /// The replica holds [`crate::limits::PENDING_OPS_MAX`] unconfirmed ops; connect first.
    #[error("too many changes wait for the server")]
    TooManyPending,
}

impl OpError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Field(error) => error.code(),
            Self::NoAuthor => "no_author",
            Self::UnknownAuthor { .. } => "unknown_author",
            Self::NotYours => "not_yours",
            Self::UnknownObject => "unknown_object",
            Self::Exists => "exists",
            Self::UnknownParent => "unknown_parent",
            Self::NotAPin => "not_a_pin",
            Self::NotAStroke => "not_a_stroke",
            Self::StrokeEnded => "stroke_ended",
            Self::StrokeMismatch => "stroke_mismatch",
            Self::TooManyPoints => "too_many_points",
            Self::TooManyObjects => "too_many_objects",
            Self::DocumentFull => "document_full",
            Self::BadTextEdit => "bad_text_edit",
            Self::TextTooLong => "text_too_long",
            Self::BaseTooOld => "base_too_old",
            Self::ServerOnly => "server_only",
            Self::AuthorExists { .. } => "author_exists",
            Self::TooManyAuthors => "too_many_authors",
            Self::MediaExists => "media_exists",
            Self::UnknownMedia => "unknown_media",
            Self::TooManyMedia => "too_many_media",
            Self::NotAlone => "not_alone",
            Self::UnknownVersion => "unknown_version",
            Self::VersionOrder => "version_order",
            Self::VersionState => "version_state",
            Self::TooManyVersions => "too_many_versions",
            Self::OrderExhausted => "order_exhausted",
            Self::TooManyPending => "too_many_pending",
        }
    }
}

/// The reason for which a committed batch was not applied. Nothing of it was, except for
/// [`Self::Diverged`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Batches before this one are missing; ask for everything after the document's revision.
    #[error("revision {found} came where {expected} was due")]
    Gap {
        /// The next revision of the document.
        expected: u64,
        /// The first revision of the batch.
        found: u64,
    },
    /// The document holds this revision already; pass over it.
    #[error("revision {found} is known already")]
    Repeat {
        /// The first revision of the batch.
        found: u64,
    },
    /// The batch has no ops.
    #[error("the batch is empty")]
    Empty,
    /// The author's batches do not rise: one would count twice.
    #[error("batch {client_seq} of author {author} was applied before")]
    ClientSeq {
        /// Whose batch it is.
        author: u32,
        /// Its number.
        client_seq: u64,
    },
    /// The document is not what the server's was behind this revision: load a snapshot.
    #[error("the document is another one at revision {revision}")]
    Diverged {
        /// Last revision of the batch that told.
        revision: u64,
    },
    /// An op does not fit the document: the log is broken.
    #[error("revision {revision} does not fit the document")]
    Op {
        /// Revision of the op.
        revision: u64,
        /// The reason.
        source: OpError,
    },
}

impl ApplyError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::Repeat { .. } => "repeat",
            Self::Empty => "empty_batch",
            Self::ClientSeq { .. } => "client_seq_repeated",
            Self::Diverged { .. } => "diverged",
            Self::Op { source, .. } => source.code(),
        }
    }
}

/// The reason for which a snapshot is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// A field is missing or out of range.
    #[error(transparent)]
    Field(#[from] WireError),
    /// Objects or authors are not in rising order of their ids, or two were created
    /// by one revision.
    #[error("{0} are out of order")]
    Order(&'static str),
}

impl SnapshotError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Field(error) => error.code(),
            Self::Order(_) => "out_of_order",
        }
    }
}
