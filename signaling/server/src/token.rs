//! Tokens: each lets its bearer into a room, and says what the bearer may do there.
//!
//! JSON Web Tokens by one algorithm, HS256, with one secret that never leaves the data folder.
//! Nothing in a token's header chooses anything (RFC 8725 section 3.1): a header that says more
//! than the type and the algorithm is refused.

use crate::ServerError;
use fmz_proto::{limits, v1::Grants};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const ISSUER: &str = "fmz";
const AUDIENCE: &str = "fmz";
const SECRET_FILE: &str = "secret";
const SECRET_BYTES: usize = 32;
/// The clocks of two machines may differ by this much.
const LEEWAY: Duration = Duration::from_secs(5);
/// Longest life of a token: 366 days, for an operator's own tools.
pub const LIFETIME_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// The room of an operator's token: all rooms.
pub const ANY_ROOM: &str = "*";

/// One thing that a participant may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Grant {
    /// See and hear what is in the room.
    View,
    /// Draw and write.
    Annotate,
    /// Send camera, microphone, screen or a stream.
    Publish,
    /// Lead the others through the picture.
    Present,
    /// Change what others drew, and invite.
    Own,
}

/// The contents of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// When the token ends, seconds since 1970.
    pub exp: u64,
    /// When it begins, seconds since 1970.
    pub nbf: u64,
    /// The token's own id.
    pub jti: String,
    /// The person or program that it is for.
    pub sub: String,
    /// Name that others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its room, or [`ANY_ROOM`].
    pub room: String,
    /// What it allows.
    pub grants: BTreeSet<Grant>,
    /// True for a program that sends a stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine: bool,
}

impl Claims {
    /// Returns whether this is an operator's token.
    pub fn is_operator(&self) -> bool {
        self.room == ANY_ROOM && self.grants.contains(&Grant::Own)
    }

    /// Returns whether the token is for this room, or for all rooms.
    pub fn covers(&self, room: &str) -> bool {
        self.room == room || self.is_operator()
    }

    /// Returns the time left at `now`, the leeway included.
    pub fn time_left(&self, now: SystemTime) -> Duration {
        let end = UNIX_EPOCH + Duration::from_secs(self.exp) + LEEWAY;
        end.duration_since(now).unwrap_or_default()
    }

    /// Returns the grants as the wire has them.
    pub fn wire_grants(&self) -> Grants {
        let has = |grant| self.grants.contains(&grant);
        Grants {
            view: has(Grant::View),
            annotate: has(Grant::Annotate),
            publish: has(Grant::Publish),
            present: has(Grant::Present),
            own: has(Grant::Own),
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Room, or [`ANY_ROOM`].
    pub room: String,
    /// The person or program that it is for; if absent, a new random id.
    pub subject: Option<String>,
    /// Name that others see; if absent, the participant chooses.
    pub name: Option<String>,
    /// What it allows.
    pub grants: BTreeSet<Grant>,
    /// How long it lasts, up to [`LIFETIME_MAX`].
    pub lifetime: Duration,
    /// True for a program that sends a stream.
    pub machine: bool,
}

/// Says why a token is refused. The texts say nothing about the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not a token of this server.
    #[error("the invitation is not valid")]
    Invalid,
    /// It was valid, and its time is over.
    #[error("the invitation has expired")]
    Expired,
}

impl TokenError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "token",
            Self::Expired => "expired",
        }
    }
}

/// Makes and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(***)")
    }
}

impl Tokens {
    /// Opens the secret in a data folder, and makes one if there is none.
    ///
    /// # Errors
    /// [`ServerError::File`] if it cannot be read or made.
    pub fn open(data: &Path) -> Result<Self, ServerError> {
        let path = data.join(SECRET_FILE);
        let secret = read_or_make(data, &path).map_err(|error| ServerError::File {
            path: path.clone(),
            text: error.to_string(),
        })?;
        if secret.len() != SECRET_BYTES {
            return Err(ServerError::File {
                path,
                text: format!("it does not hold {SECRET_BYTES} bytes"),
            });
        }
        Ok(Self::new(&secret))
    }

    /// Uses a given secret.
    pub fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// Makes a token that is valid from `now` on.
    pub fn mint(&self, request: TokenRequest, now: SystemTime) -> String {
        let begin = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            exp: (begin + request.lifetime.min(LIFETIME_MAX)).as_secs(),
            nbf: begin.as_secs(),
            jti: random_id(),
            sub: request.subject.unwrap_or_else(random_id),
            name: request.name,
            room: request.room,
            grants: request.grants,
            machine: request.machine,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("HS256 signs any claims with any secret")
    }

    /// Checks a token by the system's clock.
    ///
    /// # Errors
    /// [`TokenError`]
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > limits::TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })?;
        let plain = data.header == Header::new(Algorithm::HS256);
        (plain && well_formed(&data.claims))
            .then_some(data.claims)
            .ok_or(TokenError::Invalid)
    }
}

fn well_formed(claims: &Claims) -> bool {
    let short = |text: &str| (1..=limits::NAME_BYTES_MAX).contains(&text.len());
    let room = claims.room == ANY_ROOM || is_room_name(&claims.room);
    short(&claims.sub) && short(&claims.jti) && claims.name.as_deref().is_none_or(short) && room
}

/// Returns whether a room may have this name: 1 to [`limits::ROOM_BYTES_MAX`] letters, digits, `-`
/// or `_`.
pub fn is_room_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=limits::ROOM_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits)
}

/// Returns 128 random bits as text.
fn random_id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

fn read_or_make(data: &Path, path: &Path) -> io::Result<Vec<u8>> {
    fs::create_dir_all(data)?;
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(mut file) => {
            let secret: [u8; SECRET_BYTES] = rand::rng().random();
            file.write_all(&secret)?;
            file.sync_all()?;
            Ok(secret.to_vec())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read(path),
        Err(error) => Err(error),
    }
}
