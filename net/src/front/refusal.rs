//! Refused connections.

/// Reasons for which a connection was closed before it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// One source has too many connections.
    #[error("source_full")]
    SourceFull,
    /// All sources together have too many connections.
    #[error("full")]
    Full,
    /// The connection did not show its protocol in time.
    #[error("opening_timeout")]
    Timeout,
    /// Too many connections were opening, and this one had been opening longest.
    #[error("gave_way")]
    GaveWay,
    /// A trusted proxy sent no valid header.
    #[error("proxy_header")]
    ProxyHeader,
    /// The TLS handshake failed.
    #[error("tls_handshake")]
    Handshake,
    /// The client wants TLS, which is not set up here.
    #[error("tls_off")]
    TlsOff,
    /// No service here speaks the client's protocol.
    #[error("not_served")]
    NotServed,
    /// The client closed the connection.
    #[error("gone")]
    Gone,
}

impl Refusal {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::SourceFull,
        Self::Full,
        Self::Timeout,
        Self::GaveWay,
        Self::ProxyHeader,
        Self::Handshake,
        Self::TlsOff,
        Self::NotServed,
        Self::Gone,
    ];
}
