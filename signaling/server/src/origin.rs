//! Origins: pages of other sites may not connect. A browser names the page's origin; a native
//! client names none.

use crate::problem::Problem;
use axum::http::{HeaderMap, StatusCode, Uri, header};

/// Refuses a page that is neither the server's own nor allowed.
pub(crate) fn check(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let known = origin.to_str().is_ok_and(|origin| {
        let own = host(headers, uri).is_some_and(|host| is_page_of(origin, host));
        own || allowed
            .iter()
            .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
    });
    known.then_some(()).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "origin",
            "this page may not connect: its origin must be the server's or in allowed_origins",
        )
    })
}

/// Returns the host that the client asked for, with the port if it is not the usual one.
pub(crate) fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = uri
        .authority()
        .map(|authority| authority.as_str())
        .or(named)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

fn is_page_of(origin: &str, host: &str) -> bool {
    let authority = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn http5_only_known_pages_may_connect() {
        let allowed = ["https://review.example".to_owned()];
        let check = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("fmz.example:8080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            check(&headers, &Uri::from_static("/ws"), &allowed).is_ok()
        };
        for good in [
            None,
            Some("http://fmz.example:8080"),
            Some("https://FMZ.example:8080"),
            Some("https://review.example"),
        ] {
            assert!(check(good), "{good:?}");
        }
        let bad = [
            "null",
            "",
            "http://fmz.example",
            "http://fmz.example:80801",
            "http://fmz.example:8080.evil.example",
            "http://evil.example",
            "https://review.example.evil.example",
            "https://evil.example/https://review.example",
            "http://review.example",
            "fmz.example:8080",
            "ftp://fmz.example:8080",
            "http://a@fmz.example:8080",
        ];
        for bad in bad {
            assert!(!check(Some(bad)), "{bad}");
        }
    }
}
