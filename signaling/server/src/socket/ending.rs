//! The end of a WebSocket: its reason, and how the client learns it.

use super::frames::write;
use crate::{rooms::NotOpen, token::TokenError};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use fmz_proto::{
    encode_server,
    v1::{Closing, server_message},
};
use fmz_signaling_core::Reason;
use std::time::Duration;
use tokio::time::timeout;

/// How long the other side may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Codes of RFC 6455 section 7.4.1.
const AWAY: u16 = 1001;
const NORMAL: u16 = 1000;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
const ERROR: u16 = 1011;

/// Says why a WebSocket is closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) code: &'static str,
    pub(super) text: &'static str,
    /// True if the client should connect again.
    pub(super) retry: bool,
}

impl From<Reason> for Ending {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.text(),
            retry: reason.retry(),
        }
    }
}

impl From<NotOpen> for Ending {
    fn from(error: NotOpen) -> Self {
        match error {
            NotOpen::Unknown => Self {
                code: "room_unknown",
                text: "there is no such room",
                retry: false,
            },
            NotOpen::Storage => Reason::Storage.into(),
            NotOpen::Closing => Reason::Reloading.into(),
        }
    }
}

impl From<TokenError> for Ending {
    fn from(error: TokenError) -> Self {
        let text = match error {
            TokenError::Invalid => "your invitation is not valid",
            TokenError::Expired => Reason::Expired.text(),
        };
        Self {
            code: error.code(),
            text,
            retry: false,
        }
    }
}

impl Ending {
    /// Sends the reason, closes, and waits until the other side closes too.
    pub(super) async fn end(self, socket: &mut WebSocket) {
        let closing = Closing {
            code: self.code.into(),
            text: self.text.into(),
            retry: self.retry,
        };
        let frame = encode_server(server_message::Message::Closing(closing));
        let close = CloseFrame {
            code: close_code(self.code),
            reason: self.code.into(),
        };
        let closed = async {
            write(socket, Message::Binary(frame)).await?;
            write(socket, Message::Close(Some(close))).await?;
            while let Some(Ok(_)) = socket.recv().await {}
            Some(())
        };
        let _ = timeout(CLOSE_TIMEOUT, closed).await;
    }
}

fn close_code(code: &str) -> u16 {
    match code {
        "left" => NORMAL,
        "shutdown" | "reloading" => AWAY,
        "frame_too_large" => TOO_BIG,
        "storage" | "overloaded" => ERROR,
        _ => POLICY,
    }
}
