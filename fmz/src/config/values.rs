//! Values, from text to what they mean.

use super::{LogFormat, Tls};
use crate::exit::Failure;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A server has no more connections than this at all.
const CONNECTIONS_MAX: usize = 32_768;
pub(super) fn tls(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    self_signed: bool,
) -> Result<Tls, Failure> {
    match (certificate, key, self_signed) {
        (None, None, false) => Ok(Tls::Off),
        (None, None, true) => Ok(Tls::SelfSigned),
        (Some(certificate), Some(key), false) => Ok(Tls::Given { certificate, key }),
        (Some(_), Some(_), true) => Err(Failure::setting(
            "tls_self_signed",
            "not beside tls_certificate: choose one",
        )),
        (Some(_), None, _) => Err(Failure::setting(
            "tls_certificate",
            "needs tls_key beside it",
        )),
        (None, Some(_), _) => Err(Failure::setting(
            "tls_key",
            "needs tls_certificate beside it",
        )),
    }
}

pub(super) fn address(name: &str, text: &str) -> Result<SocketAddr, Failure> {
    parse(
        name,
        text,
        "an address with a port, such as 127.0.0.1:7880 or [::1]:7880",
    )
}

/// A network such as 10.0.0.0/8, or one address.
pub(super) fn network(name: &str, text: &str) -> Result<IpNet, Failure> {
    match text.trim().parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => parse(name, text, "an address or a network such as 10.0.0.0/8"),
    }
}

pub(super) fn connections(count: usize) -> Result<usize, Failure> {
    if (1..=CONNECTIONS_MAX).contains(&count) {
        return Ok(count);
    }
    let why = format!("{count} is not from 1 to {CONNECTIONS_MAX}");
    Err(Failure::setting("connections_per_source", why))
}

pub(super) fn parse<T: FromStr>(name: &str, text: &str, wanted: &str) -> Result<T, Failure> {
    text.trim()
        .parse()
        .map_err(|_| Failure::setting(name, format!("{text:?} is not {wanted}")))
}

pub(super) fn origin(name: &str, text: String) -> Result<String, Failure> {
    let text = text.trim_end_matches('/').to_owned();
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(text),
        _ => Err(Failure::setting(
            name,
            format!("{text:?} is not an origin such as https://review.example.com"),
        )),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Failure> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Failure::setting(
            "log_format",
            format!("{text:?} is neither text nor json"),
        )),
    }
}
