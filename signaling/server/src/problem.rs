//! A request that is refused, as HTTP answers it. Imports no other file of this crate, so that any
//! of them may refuse a request.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Says why a request was refused.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    /// Stable; programs may switch on it.
    code: &'static str,
    /// The same for people.
    text: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code,
            text: text.into(),
        }
    }

    /// Refuses a request that has not the form which the API describes.
    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", text)
    }

    /// Refuses a request that cannot be served now, but may be later.
    pub(crate) fn unavailable(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, text)
    }

    /// Refuses every request, because the server stops.
    pub(crate) fn stopping() -> Self {
        Self::unavailable("stopping", "the server is stopping")
    }

    /// Reports a fault of the server itself.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server has an internal error",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        let mut response = (status, no_store, Json(self)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
