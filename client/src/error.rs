/// Why a client could not join, or was let go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is no `ws://` or `wss://` URL, or nothing answered there as a WebSocket.
    #[error("no connection to the server: {0}")]
    Connect(String),
    /// The server ended the session for good.
    #[error("the server closed the session: {text} ({code})")]
    Closed {
        /// The server's code.
        code: String,
        /// For people.
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
        /// The server's code.
        code: String,
        /// For people.
        text: String,
    },
    /// This client publishes as much as it may.
    #[error("too many publications")]
    TooManyPublications,
}

impl ClientError {
    /// Stable name of the error.
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
