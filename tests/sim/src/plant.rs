//! Bugs planted on purpose, each in the adapters around the cores. A judge that does not find all
//! of them proves nothing.

/// One planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// The disk never syncs, but claims to.
    SkipSync,
    /// The disk answers once the bytes are in its cache.
    AckBeforeDurable,
    /// Recovery forgets the last whole record.
    LoseLastRecord,
    /// Recovery accepts a torn record as whole, without its last op.
    ServeTornRecord,
    /// Recovery returns one record twice.
    DoubleRecord,
    /// Recovery reads the snapshot but not the log after it.
    SkipTail,
    /// Recovery begins the log after the snapshot one record too late.
    LateTail,
    /// A stored snapshot carries the log's head, though its document is older.
    StaleStoredSnapshot,
    /// A snapshot is stored while an append is on its way.
    EarlyStoredSnapshot,
    /// A stored snapshot forgets who wrote each property last.
    ForgetWriters,
    /// A failed append is answered as if it had landed.
    SwallowFailure,
    /// An append is sometimes never answered.
    DropAnswer,
    /// A commit is not put into one session's queue.
    DropInFanOut,
    /// Two frames change places in a session's queue.
    SwapFrames,
    /// One session is sent a value that differs from all others'.
    FlipOnTheWay,
    /// A joiner is sent the first snapshot that was ever made.
    StaleSnapshot,
    /// A session's queue has no bound.
    UnboundedQueue,
    /// The room is not called at the time it asked for.
    ForgetTimeouts,
    /// A message is taken for another session's.
    WrongSession,
    /// Every page is admitted with the grant `own`.
    GrantOwn,
    /// A page that may only view is admitted as one that may annotate.
    GrantAnnotate,
    /// Every page is admitted under one name.
    WrongIdentity,
    /// The room is given another time of day.
    WrongTimeOfDay,
    /// A page makes a new session key when it comes back.
    NewSessionKey,
    /// A page that comes back sends nothing again.
    SkipResend,
    /// A page that comes back sends unacknowledged batches also under new numbers.
    ResendRenumbered,
    /// A page sends again in the wrong order.
    ResendBackwards,
    /// A page claims to hold one revision more than it does.
    ResumeOffByOne,
    /// A page ignores a refusal.
    IgnoreRefusal,
    /// Undo walks two steps.
    UndoTwice,
    /// A page's copy of a batch counts as another batch.
    CopyUpTwice,
    /// A page's copy is taken for the next batch, whatever is missing before it.
    CopyUpPastGap,
    /// A page applies a copy of a commit that it already has.
    CopyDownTwice,
    /// A page applies a copy, whatever is missing before it.
    CopyDownPastGap,
    /// A stored snapshot forgets which stamps are uncertain.
    ForgetUncertain,
    /// A page treats every stamp as certain.
    TakeForCertain,
    /// A page treats a stamp as corrected even if its mark has left.
    RestampLate,
    /// A page lets a mark leave before it knows the frame.
    ReleaseEarly,
    /// A stored snapshot forgets the versions.
    ForgetVersions,
    /// A stored snapshot forgets the media.
    ForgetMedia,
    /// A live source is shown as the one before it.
    ReuseMedia,
    /// An older state is read to the end of its batch.
    ReadWholeBatch,
    /// A command is given to the room twice.
    AskTwice,
    /// A command is given under another page's identity.
    WrongAsker,
    /// A restore takes back the changes of all authors, whoever's were meant.
    WidenScope,
    /// An answer to a command is lost in the server.
    LoseReply,
}

impl Plant {
    /// All plants.
    pub const ALL: &[Self] = &[
        Self::SkipSync,
        Self::AckBeforeDurable,
        Self::LoseLastRecord,
        Self::ServeTornRecord,
        Self::DoubleRecord,
        Self::SkipTail,
        Self::LateTail,
        Self::StaleStoredSnapshot,
        Self::EarlyStoredSnapshot,
        Self::ForgetWriters,
        Self::SwallowFailure,
        Self::DropAnswer,
        Self::DropInFanOut,
        Self::SwapFrames,
        Self::FlipOnTheWay,
        Self::StaleSnapshot,
        Self::UnboundedQueue,
        Self::ForgetTimeouts,
        Self::WrongSession,
        Self::GrantOwn,
        Self::GrantAnnotate,
        Self::WrongIdentity,
        Self::WrongTimeOfDay,
        Self::NewSessionKey,
        Self::SkipResend,
        Self::ResendRenumbered,
        Self::ResendBackwards,
        Self::ResumeOffByOne,
        Self::IgnoreRefusal,
        Self::UndoTwice,
        Self::CopyUpTwice,
        Self::CopyUpPastGap,
        Self::CopyDownTwice,
        Self::CopyDownPastGap,
        Self::ForgetUncertain,
        Self::TakeForCertain,
        Self::RestampLate,
        Self::ReleaseEarly,
        Self::ForgetVersions,
        Self::ForgetMedia,
        Self::ReuseMedia,
        Self::ReadWholeBatch,
        Self::AskTwice,
        Self::WrongAsker,
        Self::WidenScope,
        Self::LoseReply,
    ];

    /// Returns the name on the command line: words in lower case, joined by `-`.
    pub fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        }
        name
    }

    /// Returns the plant of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|plant| plant.name() == name)
    }
}
