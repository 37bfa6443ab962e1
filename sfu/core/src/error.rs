//! The codes of faults between the rooms' owner and a forwarding unit.

/// The reason that a request failed, or that a transport ended. [`LinkCode::code`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkCode {
    /// No transport is open for the session.
    #[error("the session has no transport")]
    UnknownSession,
    /// The forwarding unit is full.
    #[error("no more transports can be opened here")]
    TooManyTransports,
    /// The session or its room has as many publications as allowed.
    #[error("too many publications")]
    TooManyPublications,
    /// The room already has a publication of that name.
    #[error("the publication is there already")]
    DuplicatePublication,
    /// The request to publish names neither audio nor video, or an unknown codec.
    #[error("this cannot be published")]
    BadPublish,
    /// The transport has as many media lines as allowed; a new transport begins with none.
    #[error("too many media lines on this transport")]
    TooManyLines,
    /// The answer belongs to no offer that waits for one; it was ignored.
    #[error("no offer waits for this answer")]
    StaleAnswer,
    /// The answer cannot be read or does not fit its offer. The transport ended.
    #[error("the answer cannot be used")]
    BadAnswer,
    /// The offer was not answered in time. The transport ended.
    #[error("the offer was not answered in time")]
    AnswerTimeout,
    /// No connection came about in time. The transport ended.
    #[error("no connection came about in time")]
    ConnectTimeout,
    /// No datagram came from the client for too long. The transport ended.
    #[error("nothing was received for too long")]
    Silence,
    /// An internal fault ended this transport, and only this one.
    #[error("the transport failed")]
    Fault,
    /// The session's answer does not accept the publication's codec, so the session does not
    /// receive it.
    #[error("the codec of a publication is not supported")]
    CodecUnsupported,
    /// The session's answer refuses the line of a publication.
    #[error("the line of a publication was refused")]
    LineRefused,
    /// The candidate cannot be used; others may.
    #[error("the candidate cannot be used")]
    BadCandidate,
    /// A frame could not be sent on a channel; the channel is given up.
    #[error("the channel takes no such frame")]
    ChannelWrite,
    /// The room's owner does not keep up, so data of a client was lost. The transport ended.
    #[error("the server is overloaded")]
    Overload,
}

impl LinkCode {
    /// Returns the stable code, as in `LinkError.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownSession => "unknown_session",
            Self::TooManyTransports => "too_many_transports",
            Self::TooManyPublications => "too_many_publications",
            Self::DuplicatePublication => "duplicate_publication",
            Self::BadPublish => "bad_publish",
            Self::TooManyLines => "too_many_lines",
            Self::StaleAnswer => "stale_answer",
            Self::BadAnswer => "bad_answer",
            Self::AnswerTimeout => "answer_timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::Silence => "silence",
            Self::Fault => "transport_fault",
            Self::CodecUnsupported => "codec_unsupported",
            Self::LineRefused => "line_refused",
            Self::BadCandidate => "bad_candidate",
            Self::ChannelWrite => "channel_write",
            Self::Overload => "overload",
        }
    }
}
