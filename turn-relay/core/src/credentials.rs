//! Credentials that carry their expiry in the user name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use std::time::Duration;

/// Credentials by which a client uses a relay (draft-uberti-behave-turn-rest-00).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `expiry:user`, the expiry in seconds of Unix time.
    pub username: String,
    /// Base64 of HMAC-SHA1 over `username` under the secret, 28 characters.
    pub password: String,
}

impl Credentials {
    /// Issues credentials for `user`, valid until `expiry` (Unix time, whole seconds). If the
    /// resulting user name has more than [`crate::limits::USERNAME_BYTES_MAX`] bytes, the relay
    /// refuses it.
    pub fn issue(secret: &str, user: &str, expiry: Duration) -> Self {
        let username = format!("{}:{user}", expiry.as_secs());
        let password = password(secret, &username);
        Self { username, password }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Returns the password that belongs to a user name under a secret.
pub(crate) fn password(secret: &str, username: &str) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A user name read as `expiry:user`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ephemeral<'a> {
    pub(crate) expiry: Duration,
    pub(crate) user: &'a str,
}

impl<'a> Ephemeral<'a> {
    /// Reads a user name. Returns `None` without a colon, a user, or a number of at most 11 digits:
    /// a year after 5000 is no expiry.
    pub(crate) fn parse(username: &'a str) -> Option<Self> {
        let (expiry, user) = username.split_once(':')?;
        let digits = (1..=11).contains(&expiry.len()) && expiry.bytes().all(|b| b.is_ascii_digit());
        let seconds = expiry.parse().ok().filter(|_| digits)?;
        (!user.is_empty()).then_some(Self {
            expiry: Duration::from_secs(seconds),
            user,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn5_credentials_are_those_of_the_rest_draft() {
        // Computed with `printf %s 1700000000:room/ada | openssl dgst -sha1 -hmac north -binary |
        // base64`.
        let credentials =
            Credentials::issue("north", "room/ada", Duration::from_secs(1_700_000_000));
        assert_eq!(credentials.username, "1700000000:room/ada");
        assert_eq!(credentials.password, "/KrxpDppVIVVEvp72FnXawLCG38=");
        assert!(!format!("{credentials:?}").contains(&credentials.password));
    }

    #[test]
    fn turn5_user_names_are_read_strictly() {
        let read = |name| Ephemeral::parse(name).map(|e| (e.expiry.as_secs(), e.user));
        assert_eq!(read("17:ada"), Some((17, "ada")));
        assert_eq!(read("17:a:b"), Some((17, "a:b")));
        for bad in [
            "", "17", "17:", ":ada", "+17:ada", " 17:ada", "17 :ada", "-1:ada", "0x1:ada",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(read("123456789012:ada"), None, "too many digits");
    }
}
