//! Versions of a room's document: lists, makes, reads and compares them.

use super::{
    asker::{asker, forbid_unless_covered, session_key},
    auth::Bearer,
    views::{ObjectView, OverwrittenView, VersionView, key_name},
};
use crate::{history, problem::Problem, rooms::Request, state::State};
use axum::{
    Json,
    extract::{
        Path, Query, State as Extract,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use fmz_annotation::version::{self, VersionId};
use fmz_proto::{
    Message, decode_client,
    v1::{Op, client_message},
};
use fmz_signaling_core::{Asker, Commit, Committed};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

/// Versions in one page, if the request names no limit.
const PAGE: usize = 50;
/// Versions in one page at most.
const PAGE_MAX: usize = 200;
/// Changed objects in one difference at most: more than anybody reads.
const CHANGES_MAX: usize = 10_000;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Only versions older than this one.
    before: Option<String>,
    /// How many: at most 200; if absent, 50.
    limit: Option<usize>,
}

/// Versions, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionsPage {
    versions: Vec<VersionView>,
    /// The `before` of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A version to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// Name for people, at most 128 bytes.
    #[serde(default)]
    name: String,
    /// What was changed, for people, at most 1,024 bytes.
    #[serde(default)]
    message: String,
    /// The version that the work began on; if absent, the newest.
    #[serde(default)]
    base: Option<String>,
    /// Changes made on `base`, to be committed with the version: a wire frame with an `OpBatch`,
    /// base64. The author number 4294967295 stands for the asker.
    #[serde(default)]
    batch: Option<String>,
    /// Session key of the page that asks, base64, so that the version is its author's.
    #[serde(default)]
    session_key: Option<String>,
}

/// A version that was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MadeVersion {
    version: VersionView,
    /// Changes that others made since the base, and that the batch replaced.
    overwritten: Vec<OverwrittenView>,
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}/versions", params(("room" = String, Path), PageQuery), security(("token" = [])), responses(
    (status = 200, description = "Versions, newest first", body = VersionsPage),
    (status = 400, description = "The query is not valid: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room, or without the grant view: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room: `room_unknown`", body = Problem),
))]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<VersionsPage>, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let Query(query) = query?;
    let before = query.before.as_deref().map(version_id).transpose()?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let request = |reply| Request::Versions(before, limit, reply);
    let asker = asker(&claims, None);
    let versions = state.rooms.command(&room, asker, request).await?;
    let more = versions.len() == limit;
    let next = versions
        .last()
        .filter(|_| more)
        .map(|version| version.id.to_string());
    let versions = versions.iter().map(VersionView::from).collect();
    Ok(Json(VersionsPage { versions, next }))
}

#[utoipa::path(post, path = "/api/v1/rooms/{room}/versions", params(("room" = String, Path)), request_body = NewVersion,
    security(("token" = [])), responses(
    (status = 201, description = "The version is kept", body = MadeVersion),
    (status = 400, description = "The name, message, base or batch is not valid: `malformed`, `out_of_range`, `missing_field`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "The token does not allow drawing in this room: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room, or no such base: `room_unknown`, `unknown_version`", body = Problem),
    (status = 409, description = "The batch does not fit what is there now: the code of the rule of ops that it breaks, such as `unknown_object`, `not_yours` or `base_too_old`", body = Problem),
    (status = 503, description = "Nothing can be saved for now: `storage`, `busy`, `reloading`, `shutdown`", body = Problem),
    (status = 413, description = "The body is too large: `too_large`", body = Problem),
    (status = 507, description = "The document can hold no more: `too_many_versions`, `too_many_objects`, `document_full`, `too_many_authors`", body = Problem),
))]
pub(crate) async fn commit(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    body: Result<Json<NewVersion>, JsonRejection>,
) -> Result<(StatusCode, Json<MadeVersion>), Problem> {
    forbid_unless_covered(&claims, &room)?;
    let Json(wanted) = body?;
    let asker = asker(&claims, session_key(wanted.session_key.as_deref())?);
    let commit = Commit {
        base: wanted.base.as_deref().map(version_id).transpose()?,
        ops: wanted
            .batch
            .as_deref()
            .map(ops)
            .transpose()?
            .unwrap_or_default(),
        name: wanted.name,
        message: wanted.message,
    };
    let request = |reply| Request::Commit(commit, reply);
    let Committed {
        version,
        overwritten,
    } = state.rooms.command(&room, asker, request).await?;
    let made = MadeVersion {
        version: VersionView::from(&version),
        overwritten: overwritten.iter().map(OverwrittenView::from).collect(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}/versions/{version}", params(("room" = String, Path), ("version" = String, Path)),
    security(("token" = [])), responses(
    (status = 200, description = "The version", body = VersionView),
    (status = 400, description = "That names no version: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room, or without the grant view: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room or version: `room_unknown`, `unknown_version`", body = Problem),
))]
pub(crate) async fn show(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path((room, version)): Path<(String, String)>,
) -> Result<Json<VersionView>, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let version = find(&state, &room, asker(&claims, None), &version).await?;
    Ok(Json(VersionView::from(&version)))
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}/versions/{version}/document",
    params(("room" = String, Path), ("version" = String, Path)), security(("token" = [])), responses(
    (status = 200, description = "The document: a DocumentSnapshot of proto/fmz/v1/annotation.proto", body = Vec<u8>,
        content_type = "application/x-protobuf"),
    (status = 400, description = "That names no version: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room, or without the grant view: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room or version: `room_unknown`, `unknown_version`", body = Problem),
    (status = 503, description = "The state cannot be read for now: `busy`, `reloading`, and the code of what is wrong with the log", body = Problem),
))]
pub(crate) async fn document(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path((room, version)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let version = find(&state, &room, asker(&claims, None), &version).await?;
    let _permit = state.reads.try_acquire().map_err(|_| busy())?;
    let document = history::document_at(&state.stores, &room, version.revision).await?;
    let encode = move || document.snapshot().encode_to_vec();
    let bytes = spawn_blocking(encode)
        .await
        .map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, "application/x-protobuf")], bytes))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The one version.
    from: String,
    /// The other version.
    to: String,
}

/// The difference between two versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DiffView {
    /// In order of object.
    changes: Vec<ChangeView>,
    /// True if there are more than the 10,000 listed.
    more: bool,
}

/// One object that differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeView {
    object: ObjectView,
    /// `added`, `deleted`, `restored` or `changed`.
    difference: String,
    /// Names of the properties whose values differ, and `points` if those do.
    parts: Vec<String>,
}

impl From<&version::Change> for ChangeView {
    fn from(change: &version::Change) -> Self {
        let part = |part: &version::Part| match part {
            version::Part::Property(key) => key_name(*key),
            version::Part::Points => "points".to_owned(),
        };
        Self {
            object: change.id.into(),
            difference: format!("{:?}", change.difference).to_lowercase(),
            parts: change.parts.iter().map(part).collect(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}/diff", params(("room" = String, Path), DiffQuery), security(("token" = [])), responses(
    (status = 200, description = "The difference between two versions", body = DiffView),
    (status = 400, description = "The query is not valid: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room, or without the grant view: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room or version: `room_unknown`, `unknown_version`", body = Problem),
    (status = 503, description = "The states cannot be read for now: `busy`, `reloading`, and the code of what is wrong with the log", body = Problem),
))]
pub(crate) async fn diff(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    query: Result<Query<DiffQuery>, QueryRejection>,
) -> Result<Json<DiffView>, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let Query(query) = query?;
    let from = find(&state, &room, asker(&claims, None), &query.from).await?;
    let to = find(&state, &room, asker(&claims, None), &query.to).await?;
    let _permit = state.reads.try_acquire().map_err(|_| busy())?;
    let from = history::document_at(&state.stores, &room, from.revision).await?;
    let to = history::document_at(&state.stores, &room, to.revision).await?;
    let changes = spawn_blocking(move || version::diff(&from, &to)).await;
    let changes = changes.map_err(|_| Problem::internal())?;
    Ok(Json(DiffView {
        more: changes.len() > CHANGES_MAX,
        changes: changes
            .iter()
            .take(CHANGES_MAX)
            .map(ChangeView::from)
            .collect(),
    }))
}

async fn find(
    state: &State,
    room: &str,
    asker: Asker,
    version: &str,
) -> Result<version::Version, Problem> {
    let version = version_id(version)?;
    let request = |reply| Request::Version(version, reply);
    Ok(state.rooms.command(room, asker, request).await?)
}

pub(super) fn version_id(text: &str) -> Result<VersionId, Problem> {
    text.parse()
        .map_err(|error: version::VersionIdError| Problem::malformed(error.to_string()))
}

fn ops(batch: &str) -> Result<Vec<Op>, Problem> {
    let frame = STANDARD
        .decode(batch)
        .map_err(|_| Problem::malformed("the batch must be base64"))?;
    match decode_client(&frame) {
        Ok(client_message::Message::Ops(batch)) => Ok(batch.ops),
        Ok(_) => Err(Problem::malformed("the frame must hold a batch of ops")),
        Err(error) => {
            let text = error.to_string();
            Err(Problem::new(StatusCode::BAD_REQUEST, error.code(), text))
        }
    }
}

fn busy() -> Problem {
    let text = "too many older states are being read; try again";
    Problem::unavailable("busy", text)
}
