//! Why a session ends.

/// Why a session ends. [`Reason::code`] is stable; clients may switch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The participant asked to leave.
    Left,
    /// The connection is gone.
    Disconnected,
    /// Nothing was heard for [`crate::limits::SILENCE_MAX`].
    Timeout,
    /// The token's time is over.
    Expired,
    /// The same page came back over a new connection.
    Replaced,
    /// More was sent than a participant may send.
    Flood,
    /// The client did not take in time what was sent to it.
    Slow,
    /// Too many frames were not messages.
    Malformed,
    /// One frame was larger than any may be.
    FrameTooLarge,
    /// The log takes nothing for now.
    Storage,
    /// The room holds as many people as it may.
    RoomFull,
    /// The document holds as many authors as it may.
    AuthorsFull,
    /// The token does not allow to view the room.
    Grant,
    /// The forwarding unit does not take its messages.
    Overloaded,
    /// The room was put away for lack of use while the session came in.
    Reloading,
    /// The server stops.
    Shutdown,
}

impl Reason {
    /// Returns the stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Disconnected => "disconnected",
            Self::Timeout => "timeout",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Flood => "flood",
            Self::Slow => "slow",
            Self::Malformed => "malformed",
            Self::FrameTooLarge => "frame_too_large",
            Self::Storage => "storage",
            Self::RoomFull => "room_full",
            Self::AuthorsFull => "authors_full",
            Self::Grant => "grant",
            Self::Overloaded => "overloaded",
            Self::Reloading => "reloading",
            Self::Shutdown => "shutdown",
        }
    }

    /// Returns the same for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Left => "you left the room",
            Self::Disconnected => "the connection is gone",
            Self::Timeout => "your connection was silent for too long",
            Self::Expired => "your invitation has expired",
            Self::Replaced => "this page connected a second time",
            Self::Flood => "you sent too much at once",
            Self::Slow => "your connection is too slow",
            Self::Malformed => "too many of your messages could not be read",
            Self::FrameTooLarge => "a message was too large",
            Self::Storage => "changes cannot be saved at the moment",
            Self::RoomFull => "the room is full",
            Self::AuthorsFull => "no more people can draw in this room",
            Self::Grant => "your invitation does not allow you to see this room",
            Self::Overloaded => "the server is overloaded",
            Self::Reloading => "the room is being opened again",
            Self::Shutdown => "the server is restarting",
        }
    }

    /// Returns true if coming back can help.
    pub fn retry(self) -> bool {
        !matches!(
            self,
            Self::Left | Self::Expired | Self::Replaced | Self::AuthorsFull | Self::Grant
        )
    }
}
