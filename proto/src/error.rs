//! Errors in bytes from outside.

/// The reason why a frame was refused. [`WireError::code`] is stable; clients may switch on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The frame is longer than its sender may send.
    #[error("frame of {bytes} bytes is over the limit of {limit}")]
    FrameTooLarge {
        /// Bytes that arrived.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The compressed frame claims to inflate beyond the size or ratio allowed; it was not
    /// inflated.
    #[error("compressed frame claims {claimed} bytes")]
    Bomb {
        /// Bytes claimed by the frame.
        claimed: usize,
    },
    /// The frame is empty, has an unknown head or is not a message.
    #[error("malformed frame: {0}")]
    Malformed(&'static str),
    /// A field is outside its range.
    #[error("{field} is out of range")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
    },
    /// A required field is absent.
    #[error("{field} is missing")]
    Missing {
        /// Name of the field.
        field: &'static str,
    },
}

impl WireError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FrameTooLarge { .. } => "frame_too_large",
            Self::Bomb { .. } => "compression_bomb",
            Self::Malformed(_) => "malformed",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Missing { .. } => "missing_field",
        }
    }
}
