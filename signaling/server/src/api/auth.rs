//! Checks the token of a request.

use crate::{
    origin,
    problem::Problem,
    state::State,
    token::{Claims, TokenError},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// A request with a valid token, from a page that may ask.
#[derive(Debug)]
pub(super) struct Bearer(pub(super) Claims);

impl FromRequestParts<State> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        origin::check(&parts.headers, &parts.uri, &state.config.allowed_origins)?;
        let claims = bearer(&parts.headers)
            .ok_or(TokenError::Invalid)
            .and_then(|token| state.tokens.verify(token));
        if claims.is_err() {
            state.metrics.tokens_refused.inc();
        }
        Ok(Self(claims?))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Adds to the description how a request is authorised.
pub(super) struct Scheme;

impl Modify for Scheme {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = description.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
