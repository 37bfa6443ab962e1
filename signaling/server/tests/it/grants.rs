//! Who may ask for what through REST, and what refusals say.

use crate::{
    fixture::{EVERYTHING, Fixture, ROOM, film, publish},
    http::{Request, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use fmz_proto::limits;
use fmz_signaling::token::Grant;
use serde_json::{Value, json};

const VIEW: &[Grant] = &[Grant::View];
const ANNOTATE: &[Grant] = &[Grant::Annotate];
const OWN: &[Grant] = &[Grant::Own];
const ANNOTATE_OR_OWN: &[Grant] = &[Grant::Annotate, Grant::Own];

async fn send(fixture: &Fixture, token: &str, path: &str, body: Option<&Value>) -> Response {
    let path = format!("/api/v1/rooms/{ROOM}{path}");
    let request = match body {
        Some(body) => Request::post(&path, body.to_string()),
        None => Request::get(&path),
    };
    request.bearer(token).send(fixture.address).await
}

fn every_grants() -> impl Iterator<Item = Vec<Grant>> {
    (0..32).map(|bits| {
        let has = |at: &usize| bits >> at & 1 > 0;
        (0..5).filter(has).map(|at| EVERYTHING[at]).collect()
    })
}

#[tokio::test]
async fn grant6_who_may_ask_for_what() {
    let mut fixture = Fixture::new().await;
    let _stream = publish(&mut fixture, &[film("film")]).await;
    let fixture = fixture;
    let mut ada = fixture.join("ada", 1).await;
    ada.draw().await;
    ada.until_objects(1).await;
    let owner = fixture.token("olga", &EVERYTHING);
    let made = send(&fixture, &owner, "/versions", Some(&json!({}))).await;
    let made = made.json()["version"]["id"].as_str().unwrap().to_owned();
    let key = STANDARD.encode([1; limits::SESSION_KEY_BYTES]);
    let back = |of: Value| json!({ "to": { "version": made }, "of": of, "session_key": key });
    let get = |path: &str| path.replace("ID", &made);
    // Any of the grants will do; where there are none, any token of the room.
    let cases = [
        (String::new(), None, &[][..]),
        (get("/versions"), None, VIEW),
        (get("/versions/ID"), None, VIEW),
        (get("/versions/ID/document"), None, VIEW),
        (get("/diff?from=ID&to=ID"), None, VIEW),
        (get("/frames?media=film&first=0&last=9"), None, VIEW),
        (get("/versions"), Some(json!({})), ANNOTATE),
        (get("/restore"), Some(back(json!("all"))), OWN),
        (get("/restore"), Some(back(json!({ "author": 2 }))), OWN),
        (
            get("/restore"),
            Some(back(json!({ "author": 1 }))),
            ANNOTATE_OR_OWN,
        ),
        (get("/restore"), Some(back(json!("mine"))), ANNOTATE_OR_OWN),
    ];
    for grants in every_grants() {
        let token = fixture.token("ada", &grants);
        for (path, body, any_of) in &cases {
            let answer = send(&fixture, &token, path, body.as_ref()).await;
            let granted = any_of.is_empty() || any_of.iter().any(|grant| grants.contains(grant));
            let said = format!("{path} {body:?} {grants:?}: {}", answer.body);
            match granted {
                true => assert_eq!(answer.status / 100, 2, "{said}"),
                false => assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (403, "forbidden"),
                    "{said}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn rest8_refusals_are_described_with_their_codes() {
    let fixture = Fixture::new().await;
    let (owner, viewer) = (
        fixture.token("olga", &EVERYTHING),
        fixture.token("eve", VIEW),
    );
    let paths = Request::get("/api/v1/openapi.json")
        .send(fixture.address)
        .await;
    let paths = paths.json()["paths"].clone();
    let large = json!({ "message": "x".repeat(100_000) });
    let unknown = json!({ "to": { "version": "77" } });
    let cases: [(&str, &str, Option<Value>, u16, &str); 19] = [
        ("/versions", "/versions?limit=x", None, 400, "malformed"),
        ("/versions", "/versions?more=1", None, 400, "malformed"),
        ("/versions", "/versions?before=x", None, 400, "malformed"),
        (
            "/versions",
            "/versions",
            Some(json!({ "more": 1 })),
            400,
            "malformed",
        ),
        (
            "/versions",
            "/versions",
            Some(json!({ "name": "n".repeat(129) })),
            400,
            "out_of_range",
        ),
        (
            "/versions",
            "/versions",
            Some(json!({ "base": "77" })),
            404,
            "unknown_version",
        ),
        (
            "/versions",
            "/versions",
            Some(large.clone()),
            413,
            "too_large",
        ),
        ("/versions/{version}", "/versions/x", None, 400, "malformed"),
        (
            "/versions/{version}",
            "/versions/77",
            None,
            404,
            "unknown_version",
        ),
        (
            "/versions/{version}/document",
            "/versions/77/document",
            None,
            404,
            "unknown_version",
        ),
        ("/diff", "/diff?from=1", None, 400, "malformed"),
        ("/diff", "/diff?from=77&to=78", None, 404, "unknown_version"),
        (
            "/frames",
            "/frames?media=film&first=2&last=1",
            None,
            400,
            "malformed",
        ),
        (
            "/frames",
            "/frames?media=film&first=-1&last=1",
            None,
            400,
            "malformed",
        ),
        (
            "/frames",
            "/frames?media=film&first=0&last=1",
            None,
            404,
            "unknown_media",
        ),
        (
            "/restore",
            "/restore",
            Some(json!({ "to": { "revision": 99 } })),
            404,
            "unknown_revision",
        ),
        (
            "/restore",
            "/restore",
            Some(json!({ "to": { "revision": 0 }, "of": { "author": 9 } })),
            404,
            "unknown_author",
        ),
        (
            "/restore",
            "/restore",
            Some(unknown),
            404,
            "unknown_version",
        ),
        ("/restore", "/restore", Some(large), 413, "too_large"),
    ];
    for (route, path, body, status, code) in cases {
        let answer = send(&fixture, &owner, path, body.as_ref()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path}"
        );
        described(&paths, route, body.is_some(), status, code);
        if body.is_some() {
            let refused = send(
                &fixture,
                &viewer,
                path,
                Some(&json!({ "to": { "revision": 0 } })),
            )
            .await;
            assert_eq!(refused.status / 100, 4, "{path}");
        }
        described(&paths, route, body.is_some(), 403, "forbidden");
        described(&paths, route, body.is_some(), 401, "token");
        described(&paths, route, body.is_some(), 404, "room_unknown");
    }
}

fn described(paths: &Value, route: &str, post: bool, status: u16, code: &str) {
    let method = if post { "post" } else { "get" };
    let route = &paths[format!("/api/v1/rooms/{{room}}{route}")][method];
    let said = route["responses"][status.to_string()]["description"].as_str();
    let said = said.unwrap_or_default();
    assert!(
        said.contains(&format!("`{code}`")),
        "{route} {status} {code}: {said}"
    );
}
