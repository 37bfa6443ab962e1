//! What a request is told when it is refused.

use crate::{rooms::NotOpen, token::TokenError};
use axum::{
    Json,
    extract::rejection::{JsonRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use fmz_store::CatalogError;
use serde::Serialize;

/// Why a request was refused.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// Stable; programs may switch on it.
    code: &'static str,
    /// The same for people.
    text: String,
}

/// A refusal with its status.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    problem: Problem,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            problem: Problem {
                code,
                text: text.into(),
            },
        }
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server has an internal error",
        )
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "your token does not allow this",
        )
    }

    pub(crate) fn closing() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "reloading",
            "the room is being opened again or cannot be read; try again",
        )
    }

    pub(crate) fn no_room() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "room_unknown",
            "there is no such room",
        )
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let status = match &error {
            CatalogError::Exists => StatusCode::CONFLICT,
            CatalogError::Full => StatusCode::INSUFFICIENT_STORAGE,
            CatalogError::Failed(_) => {
                return Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    error.code(),
                    "rooms cannot be read or saved for now",
                );
            }
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<NotOpen> for ApiError {
    fn from(error: NotOpen) -> Self {
        match error {
            NotOpen::Unknown => Self::no_room(),
            NotOpen::Closing => Self::closing(),
            NotOpen::Storage => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "storage",
                "the room cannot be read for now",
            ),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let (status, code) = match rejection.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => (status, "too_large"),
            _ => (StatusCode::BAD_REQUEST, "malformed"),
        };
        Self::new(
            status,
            code,
            "the body must be JSON as /api/v1/openapi.json describes it",
        )
    }
}

impl From<QueryRejection> for ApiError {
    fn from(_: QueryRejection) -> Self {
        let text = "the query must be as /api/v1/openapi.json describes it";
        Self::new(StatusCode::BAD_REQUEST, "malformed", text)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (
            self.status,
            [(header::CACHE_CONTROL, "no-store")],
            Json(self.problem),
        )
            .into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = header::HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
