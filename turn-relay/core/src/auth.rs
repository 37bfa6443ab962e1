//! Finds the user of a request (RFC 8489 section 9.2.4).

use crate::ask::{Ask, Fault, text, value};
use crate::config::{Config, StaticUser};
use crate::credentials::{Ephemeral, password};
use crate::hash::{Keyed, Map};
use crate::integrity::{Integrity, Key, KeyKind};
use crate::limits::{SECRETS_MAX, STATIC_USERS_MAX, USERNAME_BYTES_MAX};
use crate::nonce::Nonces;
use crate::revocations::Revocations;
use std::time::{Duration, Instant};
use stun_types::attribute::{
    Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm, Userhash, Username,
};
use stun_types::message::Message;
use stun_types::prelude::*;

/// PASSWORD-ALGORITHMS as it is offered: SHA-256, MD5, without parameters (RFC 8489 section 14.11).
const OFFERED: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];

/// Checks credentials. Has no `Debug`, because it holds secrets.
pub(crate) struct Authenticator {
    realm: String,
    secrets: Vec<String>,
    users: Vec<StaticUser>,
    credential_lifetime_max: Duration,
    /// User names by their hash: the static ones, and those of the live allocations.
    hashes: Map<[u8; 32], (Box<str>, u32)>,
    pub(crate) revocations: Revocations,
}

/// An authenticated user.
#[derive(Debug)]
pub(crate) struct Identity {
    /// As in USERNAME.
    pub(crate) username: Box<str>,
    /// Start of the name without expiry.
    user_start: usize,
    /// Time until the credential expires; `None` if it does not.
    pub(crate) remaining: Option<Duration>,
}

impl Identity {
    pub(crate) fn user(&self) -> &str {
        &self.username[self.user_start..]
    }
}

/// A name that is acceptable, before its password is checked.
struct Claim<'a> {
    password: Password<'a>,
    user_start: usize,
    remaining: Option<Duration>,
}

enum Password<'a> {
    Lasting(&'a str),
    OfSecret,
}

impl Authenticator {
    pub(crate) fn new(config: &Config, hasher: Keyed) -> Self {
        let mut authenticator = Self {
            realm: config.realm.clone(),
            secrets: Vec::new(),
            users: Vec::new(),
            credential_lifetime_max: Duration::ZERO,
            hashes: Map::with_hasher(hasher),
            revocations: Revocations::new(hasher),
        };
        authenticator.set_config(config);
        authenticator
    }

    pub(crate) fn set_config(&mut self, config: &Config) {
        for user in std::mem::take(&mut self.users) {
            self.forget_name(&user.name);
        }
        self.secrets = config.secrets.iter().take(SECRETS_MAX).cloned().collect();
        self.users = config
            .users
            .iter()
            .take(STATIC_USERS_MAX)
            .cloned()
            .collect();
        self.credential_lifetime_max = config.credential_lifetime_max;
        for user in self.users.clone() {
            self.learn_name(&user.name);
        }
    }

    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Returns whether every user who may be admitted is known by hash.
    pub(crate) fn knows_all(&self) -> bool {
        self.secrets.is_empty() && !self.users.is_empty()
    }

    /// Makes a user name known by its hash, until it was forgotten as often as it was learned.
    pub(crate) fn learn_name(&mut self, username: &str) {
        let hash = Userhash::compute(username, &self.realm);
        self.hashes
            .entry(hash)
            .or_insert_with(|| (username.into(), 0))
            .1 += 1;
    }

    pub(crate) fn forget_name(&mut self, username: &str) {
        let hash = Userhash::compute(username, &self.realm);
        if let Some((_, count)) = self.hashes.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.hashes.remove(&hash);
            }
        }
    }

    /// Refuses a user for as long as it may hold a credential.
    pub(crate) fn revoke(&mut self, user: &str, unix: Duration) -> u64 {
        let until = unix + self.credential_lifetime_max;
        self.revocations.insert(user, until, unix)
    }

    /// Finds the user of a request, and notes in `ask` how its answer is signed.
    ///
    /// # Errors
    /// 401 without credentials or with wrong ones, 400 with incomplete ones, 438 if the nonce is
    /// not this client's or is old.
    pub(crate) fn authenticate(
        &self,
        ask: &mut Ask,
        message: &Message<'_>,
        nonces: &Nonces,
        unix: Duration,
        now: Instant,
    ) -> Result<Identity, Fault> {
        let bytes = message.as_bytes();
        let integrity = Integrity::find(message).ok_or(Fault::UNAUTHORIZED)?;
        let nonce = value(bytes, message, Nonce::TYPE).ok_or(Fault::BAD_REQUEST)?;
        let realm = value(bytes, message, Realm::TYPE).ok_or(Fault::BAD_REQUEST)?;
        let kind = key_kind(bytes, message)?;
        let username = self.username(bytes, message)?;
        if !nonces.is_fresh(nonce, &ask.client, now) {
            return Err(Fault::STALE_NONCE);
        }
        if realm != self.realm.as_bytes() {
            return Err(Fault::UNAUTHORIZED);
        }
        let claim = self.claim(username, unix).ok_or(Fault::UNAUTHORIZED)?;
        let key = self.key(&claim, username, kind, |key| integrity.is_of(key, bytes));
        ask.signer = Some((key.ok_or(Fault::UNAUTHORIZED)?, integrity.kind));
        Ok(Identity {
            username: username.into(),
            user_start: claim.user_start,
            remaining: claim.remaining,
        })
    }

    fn username<'a>(&'a self, bytes: &'a [u8], message: &Message<'_>) -> Result<&'a str, Fault> {
        if let Some(hash) = value(bytes, message, Userhash::TYPE) {
            let known = self.hashes.get(hash).ok_or(Fault::UNAUTHORIZED)?;
            return Ok(&known.0);
        }
        let username = text(bytes, message, Username::TYPE).ok_or(Fault::BAD_REQUEST)?;
        if username.len() > USERNAME_BYTES_MAX {
            return Err(Fault::BAD_REQUEST);
        }
        Ok(username)
    }

    fn claim(&self, username: &str, unix: Duration) -> Option<Claim<'_>> {
        let claim = self
            .lasting(username)
            .or_else(|| self.ephemeral(username, unix))?;
        let user = &username[claim.user_start..];
        (!self.revocations.contains(user, unix)).then_some(claim)
    }

    fn lasting(&self, username: &str) -> Option<Claim<'_>> {
        let user = self.users.iter().find(|user| user.name == username)?;
        Some(Claim {
            password: Password::Lasting(&user.password),
            user_start: 0,
            remaining: None,
        })
    }

    fn ephemeral(&self, username: &str, unix: Duration) -> Option<Claim<'_>> {
        let ephemeral = Ephemeral::parse(username)?;
        let remaining = ephemeral.expiry.checked_sub(unix)?;
        let good = !remaining.is_zero() && remaining <= self.credential_lifetime_max;
        good.then_some(Claim {
            password: Password::OfSecret,
            user_start: username.len() - ephemeral.user.len(),
            remaining: Some(remaining),
        })
    }

    /// Returns the key that fits; every secret is tried.
    fn key(
        &self,
        claim: &Claim<'_>,
        username: &str,
        kind: KeyKind,
        fits: impl Fn(&Key) -> bool,
    ) -> Option<Key> {
        let key = |password: &str| Key::new(kind, username, &self.realm, password);
        match claim.password {
            Password::Lasting(password) => Some(key(password)).filter(fits),
            Password::OfSecret => {
                let keys = self
                    .secrets
                    .iter()
                    .map(|secret| key(&password(secret, username)));
                keys.into_iter().find(|key| fits(key))
            }
        }
    }
}

/// Returns the digest by which the client made its key. PASSWORD-ALGORITHMS must come back as it
/// was offered; a difference means that the stronger algorithm was removed on the way.
fn key_kind(bytes: &[u8], message: &Message<'_>) -> Result<KeyKind, Fault> {
    let offered = value(bytes, message, PasswordAlgorithms::TYPE);
    match (offered, value(bytes, message, PasswordAlgorithm::TYPE)) {
        (None, None) => Ok(KeyKind::Md5),
        (Some(offered), Some([0, 1, 0, 0])) if offered == OFFERED => Ok(KeyKind::Md5),
        (Some(offered), Some([0, 2, 0, 0])) if offered == OFFERED => Ok(KeyKind::Sha256),
        _ => Err(Fault::BAD_REQUEST),
    }
}
