//! Restores older states, and lists the history of frames.

use super::{
    asker::{asker, forbid_unless_covered, session_key},
    auth::Bearer,
    versions::version_id,
    views::ObjectView,
};
use crate::{problem::Problem, rooms::Request, state::State};
use axum::{
    Json,
    extract::{
        Path, Query, State as Extract,
        rejection::{JsonRejection, QueryRejection},
    },
};
use fmz_annotation::version::FrameHistory;
use fmz_proto::is_media_id;
use fmz_signaling_core::{Restore, Restored, Target, Whose};
use serde::{Deserialize, Serialize};

/// Frames in one answer.
const FRAMES_MAX: usize = 500;

/// A state of the past.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum To {
    /// That of a version.
    Version(String),
    /// That after a revision.
    Revision(u64),
    /// That at a time, milliseconds since 1970.
    TimeMs(u64),
}

/// Whose changes are taken back.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Of {
    /// Those of all authors.
    #[default]
    All,
    /// Those of the page whose session key is given.
    Mine,
    /// Those of the author of this number.
    Author(u32),
}

/// Frames of a media, both ends included.
#[derive(Debug, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Frames {
    /// Id of the media, as publications and stamps name it.
    media: String,
    first: u32,
    last: u32,
}

/// An older state to be restored.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRestore {
    to: To,
    /// Whose changes; if absent, those of all authors.
    #[serde(default)]
    of: Of,
    /// On which frames; if absent, on all frames.
    #[serde(default)]
    frames: Option<Frames>,
    /// Session key of the page that asks, base64.
    #[serde(default)]
    session_key: Option<String>,
}

/// An older state that is restored.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RestoreView {
    /// Revision of the op that restored it. To restore the revision before it undoes this. If
    /// nothing differed, the head's revision.
    revision: u64,
    /// Revision of the restored state.
    target: u64,
    /// How many objects changed.
    objects: usize,
}

impl From<Restored> for RestoreView {
    fn from(restored: Restored) -> Self {
        let Restored {
            revision,
            target,
            objects,
        } = restored;
        Self {
            revision,
            target,
            objects,
        }
    }
}

#[utoipa::path(post, path = "/api/v1/rooms/{room}/restore", params(("room" = String, Path)), request_body = NewRestore,
    security(("token" = [])), responses(
    (status = 200, description = "The older state is there again, by new ops", body = RestoreView),
    (status = 400, description = "The target or the scope is not valid: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "Own changes need the grant annotate, all else own: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room, version, revision, author or media: `room_unknown`, `unknown_version`, `unknown_revision`, `unknown_author`, `unknown_media`", body = Problem),
    (status = 409, description = "Too much differs for one step: `rollback_too_large`", body = Problem),
    (status = 503, description = "Nothing can be saved, or the state cannot be read, for now: `storage`, `busy`, `reloading`, `shutdown`", body = Problem),
    (status = 413, description = "The body is too large: `too_large`", body = Problem),
    (status = 507, description = "The document can hold no more: `too_many_versions`, `too_many_objects`, `document_full`, `too_many_authors`", body = Problem),
))]
pub(crate) async fn restore(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    body: Result<Json<NewRestore>, JsonRejection>,
) -> Result<Json<RestoreView>, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let Json(wanted) = body?;
    let asker = asker(&claims, session_key(wanted.session_key.as_deref())?);
    let restore = Restore {
        target: match &wanted.to {
            To::Version(id) => Target::Version(version_id(id)?),
            To::Revision(revision) => Target::Revision(*revision),
            To::TimeMs(ms) => Target::Time(*ms),
        },
        whose: match wanted.of {
            Of::All => Whose::All,
            Of::Mine => Whose::Mine,
            Of::Author(author) => Whose::Author(author),
        },
        frames: wanted.frames.map(range).transpose()?,
    };
    let request = |reply| Request::Restore(restore, reply);
    let restored = state.rooms.command(&room, asker, request).await?;
    Ok(Json(restored.into()))
}

/// What happened on one frame.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FrameView {
    frame: u32,
    /// Objects drawn on it, deleted ones included.
    objects: Vec<ObjectView>,
    /// Revisions that changed one of them, as runs: first and last.
    revisions: Vec<[u64; 2]>,
    /// Revisions up to this one are not listed any more; 0 if all are listed.
    forgotten: u64,
}

impl From<(u32, FrameHistory)> for FrameView {
    fn from((frame, history): (u32, FrameHistory)) -> Self {
        let runs = history.revisions().into_iter();
        Self {
            frame,
            objects: history.objects().map(Into::into).collect(),
            revisions: runs.map(|run| [*run.start(), *run.end()]).collect(),
            forgotten: history.forgotten(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/rooms/{room}/frames", params(("room" = String, Path), Frames), security(("token" = [])), responses(
    (status = 200, description = "The first 500 frames of the range on which anything was drawn", body = Vec<FrameView>),
    (status = 400, description = "The query is not valid: `malformed`", body = Problem),
    (status = 401, description = "No valid token: `token`, `expired`", body = Problem),
    (status = 403, description = "A token of another room, or without the grant view: `forbidden`; a page of another origin: `origin`", body = Problem),
    (status = 404, description = "There is no such room or media: `room_unknown`, `unknown_media`", body = Problem),
))]
pub(crate) async fn frames(
    Extract(state): Extract<State>,
    Bearer(claims): Bearer,
    Path(room): Path<String>,
    query: Result<Query<Frames>, QueryRejection>,
) -> Result<Json<Vec<FrameView>>, Problem> {
    forbid_unless_covered(&claims, &room)?;
    let Query(query) = query?;
    let (media, range) = range(query)?;
    let request = |reply| Request::Frames(media, range, FRAMES_MAX, reply);
    let asker = asker(&claims, None);
    let frames = state.rooms.command(&room, asker, request).await?;
    Ok(Json(frames.into_iter().map(Into::into).collect()))
}

fn range(frames: Frames) -> Result<(String, std::ops::RangeInclusive<u32>), Problem> {
    let Frames { media, first, last } = frames;
    if !is_media_id(&media) {
        return Err(Problem::malformed(
            "media is an id: 1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.', the first a letter or a digit",
        ));
    }
    if first > last {
        return Err(Problem::malformed("the first frame is not above the last"));
    }
    Ok((media, first..=last))
}
