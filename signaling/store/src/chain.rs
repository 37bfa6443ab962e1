//! The hash chain of a video's log.

/// BLAKE3 over everything that a video's log holds up to a batch: no batch before it can
/// change, go or come unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// Returns the chain behind one more batch, given as it was encoded. The chain of the
    /// empty log is 32 zero bytes.
    #[must_use]
    pub fn next(self, encoded: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(encoded);
        Self(hasher.finalize().into())
    }

    /// The chain as bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}
