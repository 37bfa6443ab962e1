//! The status, code and text by which REST answers each error.

use crate::{
    history::HistoryError,
    problem::Problem,
    rooms::{NotOpen, RoomError},
    token::TokenError,
};
use axum::{
    extract::rejection::{JsonRejection, QueryRejection},
    http::StatusCode,
};
use fmz_signaling_core::Refusal;
use fmz_store::CatalogError;

/// Refuses a request whose token does not allow it.
pub(super) fn forbidden() -> Problem {
    let text = "your token does not allow this";
    Problem::new(StatusCode::FORBIDDEN, "forbidden", text)
}

impl From<NotOpen> for Problem {
    fn from(error: NotOpen) -> Self {
        match error {
            NotOpen::Unknown => {
                let text = "there is no such room";
                Self::new(StatusCode::NOT_FOUND, "room_unknown", text)
            }
            NotOpen::Storage => Self::unavailable("storage", "the room cannot be read for now"),
            NotOpen::Closing => Self::unavailable(
                "reloading",
                "the room is being opened again or cannot be read; try again",
            ),
        }
    }
}

impl From<RoomError> for Problem {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotOpen(error) => error.into(),
            RoomError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Problem {
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

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        tracing::warn!(%error, "an older state cannot be read");
        Self::unavailable(error.code(), "the older state cannot be read")
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let status = match &error {
            CatalogError::Exists => StatusCode::CONFLICT,
            CatalogError::Full => StatusCode::INSUFFICIENT_STORAGE,
            CatalogError::Failed(_) => {
                return Self::unavailable(error.code(), "rooms cannot be read or saved for now");
            }
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let text = "the body must be JSON as /api/v1/openapi.json describes it";
        match rejection.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too_large", text),
            _ => Self::malformed(text),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Self::malformed("the query must be as /api/v1/openapi.json describes it")
    }
}
