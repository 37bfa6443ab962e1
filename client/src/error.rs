/// Reasons for which a client could not join, a request failed, or the session ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is no `ws://` or `wss://` URL, or nothing answered there as a WebSocket.
    #[error("no connection to the server: {0}")]
    Connect(String),
    /// The server ended the session for good.
    #[error("the server closed the session: {text} ({code})")]
    Closed {
        /// Code that the server gave.
        code: String,
        /// Text for people.
        text: String,
    },
    /// The server broke the protocol.
    #[error("the server sent what cannot be read: {0}")]
    Protocol(String),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
    /// WebRTC could not be set up.
    #[error("transport: {0}")]
    Transport(#[from] webrtc::error::Error),
    /// The server refused a request.
    #[error("the server refused: {text} ({code})")]
    Refused {
        /// Code that the server gave.
        code: String,
        /// Text for people.
        text: String,
    },
    /// This client already has as many publications as it may.
    #[error("too many publications")]
    TooManyPublications,
}

impl ClientError {
    /// Returns the stable name of the error, or the code that the server gave.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Connect(_) => "connect",
            Self::Closed { code, .. } | Self::Refused { code, .. } => code,
            Self::Protocol(_) => "protocol",
            Self::Ended => "ended",
            Self::Transport(_) => "transport",
            Self::TooManyPublications => "too_many_publications",
        }
    }
}
