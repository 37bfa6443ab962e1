//! Rooms: operators make and list them; a token of a room shows that room.

use super::{auth::Bearer, problems::forbidden};
use crate::{problem::Problem, rooms::NotOpen, state::State, token::is_room_name};
use axum::{
    Json,
    extract::{Path, State as Extract, rejection::JsonRejection},
    http::StatusCode,
};
use fmz_proto::v1::StoredRoom;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest title, bytes of UTF-8: a line.
const TITLE_BYTES_MAX: usize = 200;

/// A room to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoom {
    /// Letters, digits, `-` and `_`, at most 64.
    room: String,
    /// Title for people; if absent, the name.
    #[serde(default)]
    title: String,
}

/// A room.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RoomView {
    room: String,
    title: String,
    /// Milliseconds since 1970.
    created_ms: u64,
}

impl From<StoredRoom> for RoomView {
    fn from(room: StoredRoom) -> Self {
        Self {
            room: room.room,
            title: room.title,
            created_ms: room.created_ms,
        }
    }
}

#[utoipa::path(post, path = "/api/v1/rooms", request_body = NewRoom, security(("token" = [])), responses(
    (status = 201, description = "The room is made", body = RoomView),
    (status = 400, description = "Invalid name or title: `room_name`, `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "Not an operator's token: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 409, description = "The name is taken: `room_exists`", body = Problem),
    (status = 503, description = "Nothing can be saved: `storage`", body = Problem),
    (status = 413, description = "The body is too large: `too_large`", body = Problem),
    (status = 507, description = "There are as many rooms as there may be: `rooms_full`", body = Problem),
))]
pub(crate) async fn create(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    body: Result<Json<NewRoom>, JsonRejection>,
) -> Result<(StatusCode, Json<RoomView>), Problem> {
    if !claims.is_operator() {
        return Err(forbidden());
    }
    let Json(NewRoom { room, title }) = body?;
    if !is_room_name(&room) || title.len() > TITLE_BYTES_MAX {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "room_name",
            format!(
                "a room's name must be 1 to {} letters, digits, - or _, its title at most {TITLE_BYTES_MAX} bytes",
                fmz_proto::limits::ROOM_BYTES_MAX
            ),
        ));
    }
    let room = new_room(&room, &title);
    state.stores.catalog.create_room(room.clone()).await?;
    Ok((StatusCode::CREATED, Json(room.into())))
}

#[utoipa::path(get, path = "/api/v1/rooms", security(("token" = [])), responses(
    (status = 200, description = "All rooms in order of name", body = Vec<RoomView>),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "Not an operator's token: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 503, description = "The rooms cannot be read for now: `storage`", body = Problem),
))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
) -> Result<Json<Vec<RoomView>>, Problem> {
    if !claims.is_operator() {
        return Err(forbidden());
    }
    let rooms = state.stores.catalog.rooms().await?;
    Ok(Json(rooms.into_iter().map(RoomView::from).collect()))
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}", params(("room" = String, Path)), security(("token" = [])), responses(
    (status = 200, description = "The room", body = RoomView),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room: `room_unknown`", body = Problem),
    (status = 503, description = "The rooms cannot be read for now: `storage`", body = Problem),
))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
) -> Result<Json<RoomView>, Problem> {
    if !claims.covers(&room) {
        return Err(forbidden());
    }
    let room = state.stores.catalog.room(&room).await?;
    room.map(|room| Json(room.into()))
        .ok_or(NotOpen::Unknown.into())
}

pub(crate) fn new_room(room: &str, title: &str) -> StoredRoom {
    let title = if title.is_empty() { room } else { title };
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    StoredRoom {
        room: room.into(),
        title: title.into(),
        created_ms: since.as_millis() as u64,
    }
}
