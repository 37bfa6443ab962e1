//! The person or program that gives a command, as its token and session key name it.

use super::problems::forbidden;
use crate::{problem::Problem, session_key, token::Claims};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fmz_proto::{limits, v1::Grants};
use fmz_signaling_core::Asker;

/// Name of an author whose token carries none, and who is in no session.
const NO_NAME: &str = "Guest";

pub(super) fn asker(claims: &Claims, session_key: Option<Bytes>) -> Asker {
    Asker {
        subject: claims.sub.clone(),
        name: claims.name.clone().unwrap_or_else(|| NO_NAME.into()),
        grants: grants(claims),
        session_key,
    }
}

/// Returns the grants of a token. An operator may view and annotate in every room.
fn grants(claims: &Claims) -> Grants {
    let grants = claims.wire_grants();
    match claims.is_operator() {
        true => Grants {
            view: true,
            annotate: true,
            ..grants
        },
        false => grants,
    }
}

/// Refuses a token of another room.
pub(super) fn forbid_unless_covered(claims: &Claims, room: &str) -> Result<(), Problem> {
    claims.covers(room).then_some(()).ok_or_else(forbidden)
}

/// Returns a session key in the form that documents hold.
pub(super) fn session_key(text: Option<&str>) -> Result<Option<Bytes>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let key = STANDARD.decode(text).ok();
    let key = key.filter(|key| key.len() == limits::SESSION_KEY_BYTES);
    let key = key.ok_or_else(|| Problem::malformed("session_key must be 16 bytes in base64"))?;
    Ok(Some(session_key::public(&key)))
}
