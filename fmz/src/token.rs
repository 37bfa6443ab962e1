//! `fmz token`: makes a token that lets a person or a program in.

use crate::cli;
use crate::exit::Failure;
use crate::settings::Settings;
use crate::time;
use fmz_signaling::token::{ANY_ROOM, Grant, LIFETIME_MAX, TokenRequest, Tokens, is_room_name};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// Prints a token on standard output, signed with the secret in the data folder.
#[allow(clippy::print_stdout, reason = "the token is what was asked for")]
pub(crate) fn run(settings: &Settings, typed: &cli::Token) -> Result<(), Failure> {
    let request = request(typed)?;
    let tokens = Tokens::open(&settings.data_dir).map_err(|error| {
        Failure::setting(&format!("data_dir {}", settings.data_dir.display()), error)
    })?;
    println!("{}", tokens.mint(request, SystemTime::now()));
    Ok(())
}

fn request(typed: &cli::Token) -> Result<TokenRequest, Failure> {
    let (room, grants) = match &typed.room {
        Some(room) => (checked_room(room)?, grants(&typed.grants)?),
        None => (ANY_ROOM.to_owned(), every_grant()),
    };
    Ok(TokenRequest {
        room,
        subject: None,
        name: typed.name.clone(),
        grants,
        lifetime: lifetime(&typed.ttl)?,
        machine: false,
    })
}

/// Returns all grants that a token can hold.
pub(crate) fn every_grant() -> BTreeSet<Grant> {
    BTreeSet::from([
        Grant::View,
        Grant::Annotate,
        Grant::Publish,
        Grant::Present,
        Grant::Own,
    ])
}

fn checked_room(room: &str) -> Result<String, Failure> {
    let fault = || {
        Failure::setting(
            "room",
            format!("{room:?} must be letters, digits, - and _, at most 64"),
        )
    };
    is_room_name(room)
        .then(|| room.to_owned())
        .ok_or_else(fault)
}

fn grants(typed: &[String]) -> Result<BTreeSet<Grant>, Failure> {
    typed.iter().map(|word| grant(word.trim())).collect()
}

fn grant(word: &str) -> Result<Grant, Failure> {
    match word {
        "view" => Ok(Grant::View),
        "annotate" => Ok(Grant::Annotate),
        "publish" => Ok(Grant::Publish),
        "present" => Ok(Grant::Present),
        "own" => Ok(Grant::Own),
        _ => Err(Failure::setting(
            "grants",
            format!("{word:?} is none of view, annotate, publish, present, own"),
        )),
    }
}

fn lifetime(text: &str) -> Result<Duration, Failure> {
    let fault = || {
        Failure::setting(
            "ttl",
            format!("{text:?} is not a time such as 30m, 12h or 7d, a year at most"),
        )
    };
    let lifetime = time::parse(text).ok_or_else(fault)?;
    (!lifetime.is_zero() && lifetime <= LIFETIME_MAX)
        .then_some(lifetime)
        .ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_a_unit_and_a_bound() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(lifetime(text).unwrap(), Duration::from_secs(seconds));
        }
        for text in [
            "",
            "12",
            "h",
            "0h",
            "-1h",
            "367d",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
