//! The hash chain of a video's log.

/// A BLAKE3 hash over everything that a video's log holds up to a batch. Nothing before that batch
/// can change, come or go unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// Returns the chain behind one more batch, which is given as it was encoded. The chain of an
    /// empty log is 32 zero bytes.
    #[must_use]
    pub fn next(self, encoded: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(encoded);
        Self(hasher.finalize().into())
    }

    /// Returns the chain as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a chain back. Returns `None` if there are not 32 bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}
