//! Who gives a command, and what a refused one is answered with.

use super::{ApiError, versions::malformed};
use crate::{history::HistoryError, socket::public_key, token::Claims};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fmz_proto::{limits, v1::Grants};
use fmz_signaling_core::{Asker, Refusal};

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

/// An operator may do everything everywhere.
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

pub(super) fn forbid_unless_covered(claims: &Claims, room: &str) -> Result<(), ApiError> {
    claims
        .covers(room)
        .then_some(())
        .ok_or_else(ApiError::forbidden)
}

/// The key as the document knows it.
pub(super) fn session_key(text: Option<&str>) -> Result<Option<Bytes>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let key = STANDARD.decode(text).ok();
    let key = key.filter(|key| key.len() == limits::SESSION_KEY_BYTES);
    let key = key.ok_or_else(|| malformed("a session key is 16 bytes in base64"))?;
    Ok(Some(public_key(&key)))
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            "forbidden" => StatusCode::FORBIDDEN,
            "unknown_version" | "unknown_revision" | "unknown_author" | "unknown_media" => {
                StatusCode::NOT_FOUND
            }
            "malformed" | "out_of_range" | "missing_field" => StatusCode::BAD_REQUEST,
            "busy" | "storage" | "shutdown" | "reloading" => StatusCode::SERVICE_UNAVAILABLE,
            "too_many_versions" | "too_many_objects" | "document_full" | "too_many_authors" => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            _ => StatusCode::CONFLICT,
        };
        Self::new(status, refusal.code, refusal.text)
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        tracing::warn!(%error, "an older state cannot be read");
        let text = "the older state cannot be read";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), text)
    }
}
