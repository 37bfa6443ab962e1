//! Hash maps with keys from the network: keyed SipHash, so that nobody can choose keys that
//! collide.

use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::BuildHasher;

pub(crate) type Map<K, V> = HashMap<K, V, Keyed>;

/// Makes hashers under a secret key.
#[derive(Clone, Copy)]
pub(crate) struct Keyed(u64, u64);

impl Keyed {
    pub(crate) fn new(key: [u64; 2]) -> Self {
        Self(key[0], key[1])
    }
}

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed")
    }
}
