//! The first message on a WebSocket, which names the participant.

use super::{ending::Ending, frames::is_too_large};
use crate::{
    session_key,
    state::State,
    token::{ANY_ROOM, Claims, TokenError},
};
use axum::extract::ws::{Message, WebSocket};
use fmz_proto::{
    decode_client,
    v1::{Hello, client_message},
};
use fmz_signaling_core::{Join, Reason};
use std::time::{Duration, Instant, SystemTime};
use tokio::time::timeout;

/// How long a connection may stay without its first message.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
/// The protocol that this server speaks.
const PROTOCOL: u32 = 1;
/// Name of a participant who gave none.
const NO_NAME: &str = "Guest";

const TIMEOUT: Ending = Ending {
    code: "hello_timeout",
    text: "the first message did not come",
    retry: true,
};
const EXPECTED: Ending = Ending {
    code: "hello_expected",
    text: "the first message must say who you are",
    retry: false,
};
const PROTOCOL_OLD: Ending = Ending {
    code: "protocol",
    text: "this page is too old, load it again",
    retry: false,
};

/// A session that may enter its room.
pub(super) struct Admitted {
    pub(super) room: String,
    pub(super) join: Join,
}

/// Waits for the first message, and checks its token.
pub(super) async fn receive(state: &State, socket: &mut WebSocket) -> Result<Admitted, Ending> {
    let hello = timeout(HELLO_TIMEOUT, first_message(socket))
        .await
        .map_err(|_| TIMEOUT)??;
    if hello.protocol < PROTOCOL {
        return Err(PROTOCOL_OLD);
    }
    let claims = check(state, &hello).inspect_err(|_| state.metrics.tokens_refused.inc())?;
    if claims.wire_grants().annotate && state.stores.health.health().is_err() {
        return Err(Reason::Storage.into());
    }
    Ok(Admitted {
        room: claims.room.clone(),
        join: join(state, hello, claims),
    })
}

/// Waits for the first message. Pings and pongs may come before it.
async fn first_message(socket: &mut WebSocket) -> Result<Hello, Ending> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(frame))) => match decode_client(&frame) {
                Ok(client_message::Message::Hello(hello)) => return Ok(hello),
                Ok(_) | Err(_) => return Err(EXPECTED),
            },
            Some(Err(error)) if is_too_large(&error) => {
                return Err(Reason::FrameTooLarge.into());
            }
            _ => return Err(EXPECTED),
        }
    }
}

/// Checks the token, from which alone the room comes. An operator's token is for the REST interface
/// only.
fn check(state: &State, hello: &Hello) -> Result<Claims, TokenError> {
    let claims = state.tokens.verify(&hello.token)?;
    if claims.room == ANY_ROOM {
        Err(TokenError::Invalid)
    } else {
        Ok(claims)
    }
}

fn join(state: &State, hello: Hello, claims: Claims) -> Join {
    let grants = claims.wire_grants();
    let expires = Instant::now() + claims.time_left(SystemTime::now());
    Join {
        session: state.next_session(),
        name: shown_name(&claims, &hello.name),
        session_key: session_key::public(&hello.session_key),
        subject: claims.sub,
        grants,
        machine: claims.machine,
        expires,
        revision: hello.revision,
        transport: hello.transport,
    }
}

fn shown_name(claims: &Claims, wanted: &str) -> String {
    let name = claims.name.as_deref().unwrap_or(wanted);
    let name: String = name.chars().filter(|char| !char.is_control()).collect();
    if name.trim().is_empty() {
        NO_NAME.into()
    } else {
        name.trim().into()
    }
}
