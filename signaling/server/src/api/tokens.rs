//! Invitations: the owner of a room may invite others, with no more grants than its own.

use super::{auth::Bearer, problems::forbidden};
use crate::{
    origin,
    problem::Problem,
    rooms::NotOpen,
    state::State,
    token::{Grant, LIFETIME_MAX, TokenRequest},
};
use axum::{
    Json,
    extract::{Path, State as Extract, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, Uri},
};
use fmz_proto::limits;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

/// How long an invitation lasts if the request names no lifetime: a week.
const LIFETIME_S: u64 = 7 * 24 * 3600;

/// An invitation to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it allows: at most what your own token does.
    grants: BTreeSet<Grant>,
    /// Name to be shown; if absent, the guest chooses.
    #[serde(default)]
    name: Option<String>,
    /// Whose it is. All who use tokens of the same subject are the same person to the room.
    #[serde(default)]
    subject: Option<String>,
    /// How long it lasts, seconds; at most as long as your own token.
    #[serde(default)]
    lifetime_s: Option<u64>,
}

/// An invitation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenView {
    token: String,
    /// The page to open. The token is in the fragment, which a browser sends to no server.
    url: String,
}

#[utoipa::path(post, path = "/api/v1/rooms/{room}/tokens", params(("room" = String, Path)), request_body = NewToken,
    security(("token" = [])), responses(
    (status = 201, description = "The invitation is made", body = TokenView),
    (status = 400, description = "Invalid name, subject or grants: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "Not the owner of this room, or more asked than the owner has: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room: `room_unknown`", body = Problem),
    (status = 413, description = "The body is too large: `too_large`", body = Problem),
    (status = 503, description = "The rooms cannot be read for now: `storage`", body = Problem),
))]
pub(crate) async fn mint(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Result<Json<NewToken>, JsonRejection>,
) -> Result<(StatusCode, Json<TokenView>), Problem> {
    if !claims.covers(&room) || !claims.grants.contains(&Grant::Own) {
        return Err(forbidden());
    }
    let known = state.stores.catalog.room(&room).await?;
    known.ok_or(NotOpen::Unknown)?;
    let Json(wanted) = body?;
    if !wanted.grants.is_subset(&claims.grants) {
        return Err(forbidden());
    }
    let short = |text: &Option<String>| {
        text.as_ref()
            .is_none_or(|text| (1..=limits::NAME_BYTES_MAX).contains(&text.len()))
    };
    if !short(&wanted.name) || !short(&wanted.subject) || wanted.grants.is_empty() {
        return Err(Problem::malformed(format!(
            "name and subject, if given, must be 1 to {} bytes, and at least one grant is required",
            limits::NAME_BYTES_MAX
        )));
    }
    let now = SystemTime::now();
    let lifetime = Duration::from_secs(
        wanted
            .lifetime_s
            .unwrap_or(LIFETIME_S)
            .min(LIFETIME_MAX.as_secs()),
    );
    let request = TokenRequest {
        room: room.clone(),
        subject: wanted.subject,
        name: wanted.name,
        grants: wanted.grants,
        lifetime: lifetime.min(claims.time_left(now)),
        machine: false,
    };
    let token = state.tokens.mint(request, now);
    let url = format!(
        "{}/r/{room}#token={token}",
        base_url(&state, &headers, &uri)
    );
    Ok((StatusCode::CREATED, Json(TokenView { token, url })))
}

/// Returns the address at which the asker reaches this server, without a path.
fn base_url(state: &State, headers: &HeaderMap, uri: &Uri) -> String {
    if let Some(url) = &state.config.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if state.config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!(
        "{scheme}://{}",
        origin::host(headers, uri).unwrap_or("localhost")
    )
}
