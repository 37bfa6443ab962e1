//! Health: the process lives, and it can take people in.

use crate::{problem::Problem, state::State};
use axum::Json;
use fmz_store::Losses;
use serde::Serialize;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`
    status: &'static str,
    /// Version of the server.
    version: &'static str,
    /// The first losses that were found on the disk at the start; the log names the rooms. Absent
    /// if nothing was lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
}

/// Losses that are listed one by one. A last line counts the others.
const LOST_LINES_MAX: usize = 10;

fn ok(lost: Vec<String>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        lost,
    })
}

fn lines(losses: &Losses) -> Vec<String> {
    let told = losses.first.iter().take(LOST_LINES_MAX);
    let mut lines: Vec<String> = told.map(ToString::to_string).collect();
    let more = losses.count - lines.len() as u64;
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "The process lives", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    ok(Vec::new())
}

#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "People can come in, and what they draw is saved", body = Health),
    (status = 503, description = "Not now: `stopping`, `storage`", body = Problem),
))]
pub(crate) async fn readyz(state: axum::extract::State<State>) -> Result<Json<Health>, Problem> {
    if state.is_stopping() {
        return Err(Problem::stopping());
    }
    let health = &state.stores.health;
    match health.health() {
        Ok(()) if !state.rooms.link().is_up() => Err(Problem::unavailable(
            "media",
            "the media server is down: people can draw, but see no picture",
        )),
        Ok(()) => Ok(ok(lines(&health.losses()))),
        Err(_) => Err(Problem::unavailable("storage", "nothing can be saved")),
    }
}
