//! Credentials made with a relay's shared secret: `expiry:user` and its HMAC.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::time::{Duration, SystemTime};

/// Life of the credentials: longer than any run.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The secret of every relay under test.
pub(super) const SECRET: &str = "a-secret-for-benchmarks-alone-0123456789";

/// A user's name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

impl Credentials {
    /// Makes the credentials of a user, valid for a day.
    pub(super) fn of(user: &str) -> Self {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self::issue(SECRET, user, (now + LIFETIME).as_secs())
    }

    /// Makes credentials; `expiry` is in Unix seconds.
    fn issue(secret: &str, user: &str, expiry: u64) -> Self {
        let username = format!("{expiry}:{user}");
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let password = BASE64_STANDARD.encode(hmac::sign(&key, username.as_bytes()));
        Self { username, password }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_hmac_of_the_name() {
        let made = Credentials::issue("north", "ada", 1_600_000_000);
        assert_eq!(made.username, "1600000000:ada");
        // printf 1600000000:ada | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(made.password, "GPWXvXjI66zNFwERqehTJWwp4Cg=");
    }
}
