//! An author of a document.

use crate::fold::{Fold, Sort};
use crate::op::AddAuthor;
use fmz_proto::limits::SESSION_KEY_BYTES;

/// A person's session that may annotate, as the document knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) session_key: [u8; SESSION_KEY_BYTES],
    pub(crate) last_client_seq: u64,
    /// Hash by which the sums of the document hold it.
    pub(crate) counted_hash: u64,
}

impl Author {
    /// Subject of the token.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Shown name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hash of all that a snapshot says of the author.
    pub(crate) fn hash(&self, number: u32) -> u64 {
        Fold::new(Sort::Author)
            .number(number.into())
            .bytes(self.identity.as_bytes())
            .bytes(self.name.as_bytes())
            .bytes(&self.session_key)
            .number(self.last_client_seq)
            .value()
    }
}

impl From<&AddAuthor> for Author {
    fn from(added: &AddAuthor) -> Self {
        Self {
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: added.session_key,
            last_client_seq: 0,
            counted_hash: 0,
        }
    }
}
