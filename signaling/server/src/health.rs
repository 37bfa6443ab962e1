//! Whether the process lives, and whether it can take people in.

use crate::{api::ApiError, state::State};
use axum::{Json, http::StatusCode};
use serde::Serialize;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`
    status: &'static str,
    /// Version of the server.
    version: &'static str,
}

const OK: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "The process lives", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(OK)
}

#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "People can come in and what they draw is kept", body = Health),
    (status = 503, description = "Not now", body = crate::api::Problem),
))]
pub(crate) async fn readyz(state: axum::extract::State<State>) -> Result<Json<Health>, ApiError> {
    if state.is_stopping() {
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the server is stopping",
        ));
    }
    match state.store.health() {
        Ok(()) => Ok(Json(OK)),
        Err(_) => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "storage",
            "nothing can be saved",
        )),
    }
}
