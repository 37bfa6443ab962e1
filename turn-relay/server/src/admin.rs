//! Operators' requests over HTTP. They belong on a private address, because anyone who reaches it
//! may do everything.

use crate::{Session, SessionId, Stopped, Turn};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Sessions in one answer, unless fewer are asked for: 400 bytes each.
pub const SESSIONS_MAX: usize = 1000;
/// Longest drain: two days' work.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(48 * 3600);

/// A request to read the settings again and apply them. The answer names the fault in one line.
pub type Reload = oneshot::Sender<Result<(), String>>;

#[derive(Clone)]
struct Desk {
    turn: Turn,
    reloads: mpsc::Sender<Reload>,
}

/// Serves `GET /turn/sessions`, `DELETE /turn/sessions/{id}`, `POST /turn/revoke`, `/turn/drain`,
/// `/turn/reload`.
pub fn router(turn: Turn, reloads: mpsc::Sender<Reload>) -> Router {
    Router::new()
        .route("/turn/sessions", get(sessions))
        .route("/turn/sessions/{id}", delete(kick))
        .route("/turn/revoke", post(revoke))
        .route("/turn/drain", post(drain))
        .route("/turn/reload", post(reload_settings))
        .with_state(Desk { turn, reloads })
}

/// A failed request, as `{"error": {"code", "message"}}`.
#[derive(Debug)]
enum Fault {
    Stopped,
    NoSession,
    Bad(String),
}

impl From<Stopped> for Fault {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::Stopped => (
                StatusCode::SERVICE_UNAVAILABLE,
                "stopped",
                Stopped.to_string(),
            ),
            Self::NoSession => (
                StatusCode::NOT_FOUND,
                "no_session",
                "there is no such session".to_owned(),
            ),
            Self::Bad(message) => (StatusCode::BAD_REQUEST, "bad_request", message),
        };
        let fault = Body {
            error: Said { code, message },
        };
        (status, Json(fault)).into_response()
    }
}

#[derive(serde::Serialize)]
struct Body {
    error: Said,
}

#[derive(serde::Serialize)]
struct Said {
    code: &'static str,
    message: String,
}

#[derive(Deserialize)]
struct Which {
    user: Option<String>,
    limit: Option<usize>,
}

async fn sessions(
    State(desk): State<Desk>,
    Query(which): Query<Which>,
) -> Result<Json<Vec<Session>>, Fault> {
    let limit = which.limit.unwrap_or(SESSIONS_MAX).min(SESSIONS_MAX);
    let sessions = desk.turn.sessions(which.user.as_deref(), limit).await?;
    Ok(Json(sessions))
}

async fn kick(State(desk): State<Desk>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let id: SessionId = id.parse().map_err(|()| Fault::NoSession)?;
    if desk.turn.kick(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Fault::NoSession)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    user: String,
}

async fn revoke(
    State(desk): State<Desk>,
    Json(asked): Json<Revocation>,
) -> Result<StatusCode, Fault> {
    desk.turn.revoke(&asked.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drain {
    alternate: Option<SocketAddr>,
    deadline_s: u64,
}

async fn drain(State(desk): State<Desk>, Json(asked): Json<Drain>) -> Result<StatusCode, Fault> {
    let time = Duration::from_secs(asked.deadline_s);
    if time > DRAIN_TIME_MAX {
        let longest = DRAIN_TIME_MAX.as_secs();
        return Err(Fault::Bad(format!("deadline_s: at most {longest}")));
    }
    desk.turn.drain(asked.alternate, time).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn reload_settings(State(desk): State<Desk>) -> Result<StatusCode, Fault> {
    let (answer, answered) = oneshot::channel();
    desk.reloads.send(answer).await.map_err(|_| Stopped)?;
    let done = answered.await.map_err(|_| Stopped)?;
    done.map_err(Fault::Bad)?;
    Ok(StatusCode::NO_CONTENT)
}
