//! Who is refused: every route and the WebSocket, with every kind of wrong token.

use crate::{
    client::{closing_code, connect, hello, send},
    fixture::{EVERYTHING, Fixture, ROOM, request, secret},
    http::Request,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fmz_signaling::token::{ANY_ROOM, Grant, TokenError, Tokens};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_tungstenite::tungstenite::{Error, client::IntoClientRequest};

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn good_claims() -> Value {
    let now = now();
    json!({
        "iss": "fmz", "aud": "fmz", "exp": now + 600, "nbf": now, "jti": "1", "sub": "eve", "room": ROOM,
        "grants": ["view", "annotate", "publish", "present", "own"],
    })
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

/// Signs anything with the server's own secret.
fn sign(secret: &[u8], header: &str, claims: &str) -> String {
    let body = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = crypto::sign(
        body.as_bytes(),
        &EncodingKey::from_secret(secret),
        Algorithm::HS256,
    )
    .unwrap();
    format!("{body}.{signature}")
}

fn with(mut value: Value, key: &str, replaced: Value) -> Value {
    value[key] = replaced;
    value
}

fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().unwrap().remove(key);
    value
}

/// Every token here is wrong, each in its own way; most are signed with the true secret.
fn forged(secret: &[u8]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut claims = |name: &str, value: Value| {
        all.push((
            format!("claims {name}"),
            sign(secret, &good_header().to_string(), &value.to_string()),
        ));
    };
    for key in ["iss", "aud", "exp", "nbf", "jti", "sub", "room", "grants"] {
        claims(&format!("without {key}"), without(good_claims(), key));
    }
    for (key, wrong) in [
        ("iss", json!("other")),
        ("iss", json!(["fmz", "other"])),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("exp", json!(now() - 600)),
        ("exp", json!("soon")),
        ("exp", json!(-1)),
        ("nbf", json!(now() + 600)),
        ("nbf", json!("soon")),
        ("jti", json!("")),
        ("jti", json!("x".repeat(65))),
        ("sub", json!("")),
        ("sub", json!("x".repeat(65))),
        ("sub", json!(7)),
        ("name", json!("")),
        ("name", json!("x".repeat(65))),
        ("room", json!("")),
        ("room", json!("../demo")),
        ("room", json!("demo\u{0}")),
        ("room", json!({"$gt": ""})),
        ("grants", json!("own")),
        ("grants", json!(["root"])),
        ("grants", json!(["Own"])),
    ] {
        claims(&format!("{key}: {wrong}"), with(good_claims(), key, wrong));
    }
    let twice = good_claims()
        .to_string()
        .replacen('{', "{\"room\":\"other\",", 1);
    all.push((
        "claims twice".into(),
        sign(secret, &good_header().to_string(), &twice),
    ));
    all.push((
        "claims no object".into(),
        sign(secret, &good_header().to_string(), "[]"),
    ));

    let claims = good_claims().to_string();
    let mut header = |name: &str, value: Value| {
        all.push((
            format!("header {name}"),
            sign(secret, &value.to_string(), &claims),
        ));
    };
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512", "RS256", "ES256", "PS256",
        "EdDSA",
    ] {
        header(
            &format!("alg {alg}"),
            with(good_header(), "alg", json!(alg)),
        );
    }
    header("without alg", without(good_header(), "alg"));
    header("without typ", without(good_header(), "typ"));
    header("typ", with(good_header(), "typ", json!("JWE")));
    for (key, value) in [
        ("kid", json!("/dev/null")),
        ("kid", json!("' or 1=1")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/chain")),
        ("x5c", json!(["AAAA"])),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("x", json!(1)),
    ] {
        header(&format!("{key}: {value}"), with(good_header(), key, value));
    }

    let good = sign(secret, &good_header().to_string(), &claims);
    let parts: Vec<_> = good.split('.').collect();
    let unsigned = URL_SAFE_NO_PAD.encode(json!({"typ": "JWT", "alg": "none"}).to_string());
    for (name, token) in [
        (
            "another secret",
            sign(&[0; 32], &good_header().to_string(), &claims),
        ),
        (
            "empty secret",
            sign(b"", &good_header().to_string(), &claims),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("unsigned", format!("{unsigned}.{}.", parts[1])),
        (
            "foreign signature",
            format!("{unsigned}.{}.{}", parts[1], parts[2]),
        ),
        ("four parts", format!("{good}.x")),
        ("cut", good[..good.len() - 1].to_owned()),
        ("padded", format!("{good}=")),
        ("garbage", "garbage".to_owned()),
        ("dots", "..".to_owned()),
        (
            "oversized",
            sign(
                secret,
                &good_header().to_string(),
                &with(good_claims(), "pad", json!("x".repeat(5000))).to_string(),
            ),
        ),
    ] {
        all.push((name.into(), token));
    }
    all
}

#[test]
fn token1_every_forged_token_is_refused_and_the_text_says_nothing() {
    let secret = [7; 32];
    let tokens = Tokens::new(&secret);
    let good = sign(
        &secret,
        &good_header().to_string(),
        &good_claims().to_string(),
    );
    assert!(tokens.verify(&good).is_ok(), "the yardstick itself is good");
    let forged = forged(&secret);
    assert!(forged.len() >= 60, "{}", forged.len());
    for (name, token) in forged {
        let error = tokens.verify(&token).expect_err(&name);
        assert!(
            matches!(error, TokenError::Invalid | TokenError::Expired),
            "{name}"
        );
    }
}

#[test]
fn token2_a_minted_token_is_good_and_says_what_was_asked() {
    let tokens = Tokens::new(&[7; 32]);
    let mut asked = request(ROOM, "ada", &[Grant::View, Grant::Publish]);
    asked.name = Some("Ada".into());
    asked.machine = true;
    let claims = tokens
        .verify(&tokens.mint(asked, SystemTime::now()))
        .unwrap();
    assert_eq!(
        (
            claims.sub.as_str(),
            claims.name.as_deref(),
            claims.room.as_str()
        ),
        ("ada", Some("Ada"), ROOM)
    );
    assert_eq!(claims.grants, BTreeSet::from([Grant::View, Grant::Publish]));
    assert!(
        claims.machine && !claims.is_operator() && claims.covers(ROOM) && !claims.covers("other")
    );
    let left = claims.time_left(SystemTime::now());
    assert!(left > Duration::from_secs(595) && left <= Duration::from_secs(606));
}

#[tokio::test]
async fn token3_the_secret_is_made_once_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let token = Tokens::open(folder.path())
        .unwrap()
        .mint(request(ROOM, "ada", &EVERYTHING), SystemTime::now());
    assert!(Tokens::open(folder.path()).unwrap().verify(&token).is_ok());
    let file = folder.path().join("secret");
    let metadata = std::fs::metadata(&file).unwrap();
    assert_eq!(
        (metadata.permissions().mode() & 0o777, metadata.len()),
        (0o600, 32)
    );
    std::fs::write(&file, "short").unwrap();
    assert_eq!(
        Tokens::open(folder.path())
            .map(|_| ())
            .map_err(|error| error.code()),
        Err("file")
    );
}

/// Every route that needs a token, as (method, path, body).
const ROUTES: [(&str, &str, &str); 11] = [
    ("GET", "/api/v1/rooms", ""),
    ("POST", "/api/v1/rooms", r#"{"room":"new"}"#),
    ("GET", "/api/v1/rooms/demo", ""),
    (
        "POST",
        "/api/v1/rooms/demo/tokens",
        r#"{"grants":["view"]}"#,
    ),
    ("GET", "/api/v1/rooms/demo/versions", ""),
    ("POST", "/api/v1/rooms/demo/versions", "{}"),
    ("GET", "/api/v1/rooms/demo/versions/77", ""),
    ("GET", "/api/v1/rooms/demo/versions/77/document", ""),
    ("GET", "/api/v1/rooms/demo/diff?from=77&to=78", ""),
    (
        "POST",
        "/api/v1/rooms/demo/restore",
        r#"{"to":{"revision":0}}"#,
    ),
    (
        "GET",
        "/api/v1/rooms/demo/frames?media=film&first=0&last=1",
        "",
    ),
];
/// Routes for operators only.
const OPERATORS: [(&str, &str); 2] = [("GET", "/api/v1/rooms"), ("POST", "/api/v1/rooms")];
const INVITE: (&str, &str) = ("POST", "/api/v1/rooms/demo/tokens");
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/api/v1/openapi.json"];

fn ask<'a>((method, path, body): (&'a str, &'a str, &'a str)) -> Request<'a> {
    Request {
        method,
        ..Request::post(path, body)
    }
}

#[tokio::test]
async fn http1_every_route_refuses_absent_and_forged_tokens() {
    let fixture = Fixture::new().await;
    let description = Request::get("/api/v1/openapi.json")
        .send(fixture.address)
        .await
        .json();
    let described = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| {
                (
                    method.to_uppercase(),
                    path.replace("{room}", ROOM).replace("{version}", "77"),
                )
            })
        });
    let closed: BTreeSet<_> = described
        .filter(|(_, path)| !OPEN.contains(&path.as_str()))
        .collect();
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|(method, path, _)| {
            let path = path.split('?').next().unwrap_or_default();
            (method.to_string(), path.to_string())
        })
        .collect();
    assert_eq!(
        closed, routes,
        "the table holds every route of the description"
    );

    let forged = forged(&secret(fixture.folder.path()));
    for route in ROUTES {
        let absent = ask(route).send(fixture.address).await;
        assert_eq!(
            (absent.status, absent.code().as_str()),
            (401, "token"),
            "{route:?}"
        );
        for scheme in ["Basic abc", "Bearer", "Bearer ", "bearer\tx"] {
            let answer = ask(route)
                .header("authorization", scheme)
                .send(fixture.address)
                .await;
            assert_eq!(answer.status, 401, "{route:?} {scheme}");
        }
        for (name, token) in &forged {
            let answer = ask(route).bearer(token).send(fixture.address).await;
            assert_eq!(answer.status, 401, "{route:?} {name}");
        }
        let huge = ask(route)
            .bearer(&"x".repeat(1024 * 1024))
            .send(fixture.address)
            .await;
        assert!(
            huge.status == 431 || huge.status == 0,
            "{route:?}: {}",
            huge.status
        );
    }
    let operator = fixture.tokens().mint(
        request(ANY_ROOM, "operator", &EVERYTHING),
        SystemTime::now(),
    );
    let rooms = Request::get("/api/v1/rooms")
        .bearer(&operator)
        .send(fixture.address)
        .await;
    assert_eq!(
        rooms.json().as_array().unwrap().len(),
        2,
        "nothing was made"
    );
}

#[tokio::test]
async fn http2_good_tokens_without_the_right_are_refused() {
    let fixture = Fixture::new().await;
    let mint = |room: &str, grants: &[Grant]| {
        fixture
            .tokens()
            .mint(request(room, "ada", grants), SystemTime::now())
    };
    let other = mint("other", &EVERYTHING);
    let viewer = mint(ROOM, &[Grant::View]);
    let owner = mint(ROOM, &EVERYTHING);
    let powerless = mint(ANY_ROOM, &[Grant::View]);
    for route in ROUTES {
        for (name, token) in [("another room's", &other), ("powerless", &powerless)] {
            let answer = ask(route).bearer(token).send(fixture.address).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "forbidden"),
                "{route:?} {name}"
            );
        }
    }
    let named = |names: &[(&str, &str)]| {
        let found = ROUTES.map(|route| names.contains(&(route.0, route.1)).then_some(route));
        found.into_iter().flatten().collect::<Vec<_>>()
    };
    for route in named(&[OPERATORS[0], OPERATORS[1], INVITE]) {
        assert_eq!(
            ask(route)
                .bearer(&viewer)
                .send(fixture.address)
                .await
                .status,
            403,
            "{route:?}"
        );
    }
    for route in named(&OPERATORS) {
        assert_eq!(
            ask(route).bearer(&owner).send(fixture.address).await.status,
            403,
            "{route:?}"
        );
    }
}

#[tokio::test]
async fn http3_the_websocket_refuses_absent_and_forged_tokens() {
    let fixture = Fixture::new().await;
    let secret = secret(fixture.folder.path());
    let mut all = forged(&secret);
    all.push(("absent".into(), String::new()));
    let mint = |room: &str, grants: &[Grant]| {
        fixture
            .tokens()
            .mint(request(room, "ada", grants), SystemTime::now())
    };
    all.push(("operator's".into(), mint(ANY_ROOM, &EVERYTHING)));
    for (name, token) in all {
        let mut socket = connect(fixture.address).await;
        send(&mut socket, hello(token, 1, 0)).await;
        let code = closing_code(&mut socket).await;
        let known = ["token", "expired", "hello_expected"];
        assert!(
            code.as_deref().is_some_and(|code| known.contains(&code)),
            "{name}: {code:?}"
        );
    }
    for (room, grants, wanted) in [
        ("nowhere", &EVERYTHING[..], "room_unknown"),
        (ROOM, &[Grant::Publish], "grant"),
    ] {
        let mut socket = connect(fixture.address).await;
        send(&mut socket, hello(mint(room, grants), 1, 0)).await;
        assert_eq!(closing_code(&mut socket).await.as_deref(), Some(wanted));
    }
    let expired = sign(
        &secret,
        &good_header().to_string(),
        &with(good_claims(), "exp", json!(now() - 600)).to_string(),
    );
    let mut socket = connect(fixture.address).await;
    send(&mut socket, hello(expired, 1, 0)).await;
    assert_eq!(closing_code(&mut socket).await.as_deref(), Some("expired"));
}

#[tokio::test]
async fn http4_a_foreign_page_may_not_connect_nor_ask() {
    let fixture = Fixture::new().await;
    let token = fixture.token("ada", &EVERYTHING);
    let own = format!("http://{}", fixture.address);
    for (origin, welcome) in [
        ("https://evil.example", false),
        ("null", false),
        (own.as_str(), true),
    ] {
        let mut upgrade = format!("ws://{}/ws", fixture.address)
            .into_client_request()
            .unwrap();
        upgrade
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        match tokio_tungstenite::connect_async(upgrade).await {
            Ok(_) => assert!(welcome, "{origin}"),
            Err(Error::Http(refused)) => assert!(!welcome && refused.status() == 403, "{origin}"),
            Err(error) => panic!("{origin}: {error}"),
        }
        let ask = Request::get("/api/v1/rooms/demo")
            .header("origin", origin)
            .bearer(&token);
        assert_eq!(
            ask.send(fixture.address).await.status,
            if welcome { 200 } else { 403 },
            "{origin}"
        );
    }
}
