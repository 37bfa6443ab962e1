//! Refused connections.

/// The reason why a connection was closed before it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// One source has too many.
    #[error("source_full")]
    SourceFull,
    /// All sources together have too many.
    #[error("full")]
    Full,
    /// It did not show in time what it is.
    #[error("opening_timeout")]
    Timeout,
    /// Too many were opening, and this one for the longest time.
    #[error("gave_way")]
    GaveWay,
    /// A trusted proxy sent no valid header.
    #[error("proxy_header")]
    ProxyHeader,
    /// The TLS handshake failed.
    #[error("tls_handshake")]
    Handshake,
    /// It wants TLS, which is not set up here.
    #[error("tls_off")]
    TlsOff,
    /// Nothing serves what it speaks.
    #[error("not_served")]
    NotServed,
    /// It ended by itself.
    #[error("gone")]
    Gone,
}

impl Refusal {
    /// Every reason there is.
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
