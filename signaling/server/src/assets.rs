//! The files of the page, from inside the binary.

use crate::problem::Problem;
use axum::{
    extract::Path,
    http::{StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "../../web/review/dist"]
struct Files;

const INDEX: &str = "index.html";
/// Names of files in this folder carry a hash of their contents.
const HASHED: &str = "assets/";

const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>fmz</title>\
    <h1>The web application is not built in</h1>\
    <p>This server was compiled before the page was built. Run <code>scripts/run</code>, or <code>npm ci</code> and \
    <code>npm run build</code> in <code>web/</code>, then compile the server again. Everything else works.</p>";

/// Answers `/` with the page.
pub(crate) async fn index() -> Response {
    Files::get(INDEX).map_or_else(
        || Html(NOT_BUILT).into_response(),
        |file| serve(INDEX, file),
    )
}

/// Answers a room's address with the page, which reads the room and the token from that address.
pub(crate) async fn room(Path(room): Path<String>) -> Response {
    if crate::token::is_room_name(&room) {
        index().await
    } else {
        not_found()
    }
}

/// Answers with any other file of the page.
pub(crate) async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    Files::get(path).map_or_else(not_found, |file| serve(path, file))
}

fn not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here").into_response()
}

fn serve(path: &str, file: EmbeddedFile) -> Response {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let kept = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, mime.as_ref()),
        (header::CACHE_CONTROL, kept),
    ];
    (headers, file.data).into_response()
}
