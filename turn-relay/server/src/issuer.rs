//! Makes credentials while the relay runs.

use fmz_turn_core::Credentials;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Makes credentials with one secret, which a reload of the settings may replace. Clones share it.
#[derive(Clone)]
pub struct Issuer {
    secret: Arc<RwLock<String>>,
}

impl Issuer {
    /// Begins with `secret`, one of those that the relay takes.
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: Arc::new(RwLock::new(secret.into())),
        }
    }

    /// Replaces the secret. Credentials made before stay valid as long as the relay accepts the old
    /// secret.
    pub fn replace_secret(&self, secret: &str) {
        secret.clone_into(&mut self.secret.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes credentials for `user` that hold for `lifetime` from now.
    pub fn issue(&self, user: &str, lifetime: Duration) -> Credentials {
        // A clock before 1970 makes credentials that have expired, which the relay refuses.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let secret = self.secret.read().unwrap_or_else(PoisonError::into_inner);
        Credentials::issue(&secret, user, now + lifetime)
    }
}

/// Prints nothing of the secret.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn5_a_new_secret_is_for_all_who_share_the_issuer() {
        let issuer = Issuer::new("the first secret");
        let clone = issuer.clone();
        let made = |secret: &str, username: &str| {
            let (expiry, user) = username.split_once(':').unwrap();
            let expiry = Duration::from_secs(expiry.parse().unwrap());
            Credentials::issue(secret, user, expiry).password
        };
        let old = clone.issue("dailies/7", Duration::from_secs(60));
        assert!(old.username.ends_with(":dailies/7"), "{}", old.username);
        assert_eq!(old.password, made("the first secret", &old.username));
        issuer.replace_secret("the next secret");
        let new = clone.issue("dailies/7", Duration::from_secs(60));
        assert_eq!(new.password, made("the next secret", &new.username));
        assert!(!format!("{issuer:?}").contains("secret"));
    }
}
