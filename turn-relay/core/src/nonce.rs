//! Nonces that need no memory.

use crate::client::Client;
use crate::limits::NONCE_LIFETIME;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use sha2::Sha256;
use std::time::{Duration, Instant};

/// Sign that the server can do more than RFC 5389 (RFC 8489 section 9.2).
const COOKIE: &str = "obMatJos2";
const TIME_BYTES: usize = 4;
const TAG_BYTES: usize = 12;

/// Makes and recognises nonces: cookie, security features, time, and a MAC over time and client
/// under a key that changes. Has no `Debug`, because it holds the keys.
pub(crate) struct Nonces {
    started: Instant,
    /// The key under which nonces are made, and the one before it.
    keys: [[u8; 32]; 2],
    rotated_at: Instant,
    features: &'static str,
}

impl Nonces {
    /// Makes the keys. `hashes` says whether clients learn that they may send USERHASH.
    pub(crate) fn new(hashes: bool, rng: &mut ChaCha20Rng, now: Instant) -> Self {
        let mut nonces = Self {
            started: now,
            keys: [[0; 32]; 2],
            rotated_at: now,
            features: "",
        };
        nonces.offer_hashes(hashes);
        nonces.keys.iter_mut().for_each(|key| rng.fill_bytes(key));
        nonces
    }

    /// Sets the security features: password algorithms are bit 0, user hashes bit 1, from the left
    /// (RFC 8489 section 18.1).
    pub(crate) fn offer_hashes(&mut self, hashes: bool) {
        self.features = if hashes { "wAAA" } else { "gAAA" };
    }

    /// Makes a nonce for `client`: 35 characters.
    pub(crate) fn make(&mut self, client: &Client, rng: &mut ChaCha20Rng, now: Instant) -> String {
        self.rotate(rng, now);
        let time = (self.seconds(now) as u32).to_be_bytes();
        let mut body = [0; TIME_BYTES + TAG_BYTES];
        body[..TIME_BYTES].copy_from_slice(&time);
        let tag = mac(&self.keys[0], &time, client).finalize().into_bytes();
        body[TIME_BYTES..].copy_from_slice(&tag[..TAG_BYTES]);
        let mut nonce = String::with_capacity(48);
        nonce.push_str(COOKIE);
        nonce.push_str(self.features);
        STANDARD_NO_PAD.encode_string(body, &mut nonce);
        nonce
    }

    /// Returns whether `nonce` was made for `client` and is still valid.
    pub(crate) fn is_fresh(&self, nonce: &[u8], client: &Client, now: Instant) -> bool {
        let body = nonce.strip_prefix(COOKIE.as_bytes());
        let Some(body) = body.and_then(|rest| rest.strip_prefix(self.features.as_bytes())) else {
            return false;
        };
        let mut decoded = [0; TIME_BYTES + TAG_BYTES + 2];
        let Ok(length) = STANDARD_NO_PAD.decode_slice(body, &mut decoded) else {
            return false;
        };
        if length != TIME_BYTES + TAG_BYTES {
            return false;
        }
        let (time, tag) = decoded[..length].split_at(TIME_BYTES);
        let made = u64::from(u32::from_be_bytes(time.try_into().expect("four bytes")));
        let age = self.seconds(now).checked_sub(made);
        age.is_some_and(|age| age < NONCE_LIFETIME.as_secs())
            && self
                .keys
                .iter()
                .any(|key| mac(key, time, client).verify_truncated_left(tag).is_ok())
    }

    /// Changes the key. Each is used for one lifetime and recognised for another.
    fn rotate(&mut self, rng: &mut ChaCha20Rng, now: Instant) {
        if now.saturating_duration_since(self.rotated_at) < NONCE_LIFETIME {
            return;
        }
        self.rotated_at = now;
        self.keys.swap(0, 1);
        rng.fill_bytes(&mut self.keys[0]);
    }

    fn seconds(&self, now: Instant) -> u64 {
        let elapsed: Duration = now.saturating_duration_since(self.started);
        elapsed.as_secs()
    }
}

fn mac(key: &[u8; 32], time: &[u8], client: &Client) -> Hmac<Sha256> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(time);
    let (bytes, length) = client.to_bytes();
    mac.update(&bytes[..length]);
    mac
}
