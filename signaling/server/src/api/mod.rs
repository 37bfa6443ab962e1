//! The REST interface.

mod asker;
mod auth;
mod past;
mod problems;
mod rooms;
mod tokens;
mod versions;
mod views;

pub(crate) use rooms::new_room;

use crate::{assets, headers, health, problem::Problem, socket, state::State};
use auth::Scheme;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Extract},
    middleware,
    routing::{get, post},
};
use prometheus::{Registry, TextEncoder};
use utoipa::OpenApi;

/// Bytes of a request's body at most. The largest is a request for a token.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a commit's body at most: a client's frame in base64, and the JSON around it.
const COMMIT_BYTES_MAX: usize = 96 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "fmz", description = "Review rooms", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(health::healthz, health::readyz, openapi, rooms::create, rooms::list, rooms::show, tokens::mint, versions::list, versions::commit,
        versions::show, versions::document, versions::diff, past::restore, past::frames),
    modifiers(&Scheme),
)]
struct Description;

#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "This description")))]
async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// The former path of `restore`. It is not in the description, so that new programs
/// use the new one.
const FORMER_RESTORE: &str = "/api/v1/rooms/{room}/rollback";

/// Returns the routes for participants.
pub(crate) fn router(state: State) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/rooms", get(rooms::list).post(rooms::create))
        .route("/api/v1/rooms/{room}", get(rooms::show))
        .route("/api/v1/rooms/{room}/tokens", post(tokens::mint))
        .route(
            "/api/v1/rooms/{room}/versions",
            get(versions::list)
                .post(versions::commit)
                .layer(DefaultBodyLimit::max(COMMIT_BYTES_MAX)),
        )
        .route(
            "/api/v1/rooms/{room}/versions/{version}",
            get(versions::show),
        )
        .route(
            "/api/v1/rooms/{room}/versions/{version}/document",
            get(versions::document),
        )
        .route("/api/v1/rooms/{room}/diff", get(versions::diff))
        .route("/api/v1/rooms/{room}/restore", post(past::restore))
        // The former name of the same route, for scripts that use it.
        .route(FORMER_RESTORE, post(past::restore))
        .route("/api/v1/rooms/{room}/frames", get(past::frames))
        .route("/ws", get(socket::upgrade))
        .route("/", get(assets::index))
        .route("/r/{room}", get(assets::room))
        .fallback(get(assets::file))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(headers::secure))
        .with_state(state)
}

/// Returns the routes for operators.
pub(crate) fn admin_router(state: State, registry: Registry) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics).with_state(registry))
        .with_state(state)
}

async fn metrics(Extract(registry): Extract<Registry>) -> Result<String, Problem> {
    TextEncoder::new()
        .encode_to_string(&registry.gather())
        .map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Paths for browsers, which no program asks for.
    const PAGES: [&str; 3] = ["/ws", "/", "/r/{room}"];

    #[test]
    fn rest8_every_route_is_described() {
        let source = include_str!("mod.rs");
        let router = source.split("pub(crate) fn router").nth(1).unwrap();
        let router = router.split(".fallback(").next().unwrap();
        let quoted = router.split('"').skip(1).step_by(2);
        let routes: BTreeSet<_> = quoted.filter(|path| !PAGES.contains(path)).collect();
        let described = Description::openapi().paths.paths;
        let described: BTreeSet<_> = described.keys().map(String::as_str).collect();
        assert_eq!(routes, described);
    }
}
