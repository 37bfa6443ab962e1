//! The signaling WebSocket: frames in, frames out, silence noticed.

use crate::{ClientError, Options};
use bytes::Bytes;
use fmz_proto::v1::{client_message, server_message};
use fmz_proto::{decode_server, encode_client, limits};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

/// The server pings every five seconds; three missed pings are a dead server.
pub(crate) const DEAD_AFTER: Duration = Duration::from_secs(15);
/// Longest wait for TCP, TLS and the upgrade.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for the close handshake, and for its frame to be taken.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    dead_at: Instant,
}

impl Socket {
    pub(crate) async fn connect(url: &str, options: &Options) -> Result<Self, ClientError> {
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(limits::SERVER_FRAME_BYTES_MAX);
        config.max_frame_size = Some(limits::SERVER_FRAME_BYTES_MAX);
        config.write_buffer_size = 0;
        let connector = options.tls.clone().map(Connector::Rustls);
        let connecting = connect_async_tls_with_config(url, Some(config), true, connector);
        let (stream, _) = timeout(CONNECT_WITHIN, connecting)
            .await
            .map_err(|_| ClientError::Connect("it did not answer in time".into()))?
            .map_err(|error| ClientError::Connect(error.to_string()))?;
        Ok(Self {
            stream,
            dead_at: Instant::now() + DEAD_AFTER,
        })
    }

    pub(crate) async fn send(
        &mut self,
        message: client_message::Message,
    ) -> Result<(), ClientError> {
        self.send_frame(encode_client(message)).await
    }

    /// Sends an encoded message. A server that takes nothing for [`DEAD_AFTER`] is lost.
    pub(crate) async fn send_frame(&mut self, frame: Bytes) -> Result<(), ClientError> {
        let sending = self.stream.send(Message::Binary(frame));
        timeout(DEAD_AFTER, sending)
            .await
            .map_err(|_| ClientError::Connect("it takes no more messages".into()))?
            .map_err(|error| ClientError::Connect(error.to_string()))
    }

    /// The next message this client knows. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Result<server_message::Message, ClientError> {
        loop {
            let message = timeout_at(self.dead_at, self.stream.next())
                .await
                .map_err(|_| ClientError::Connect("it fell silent".into()))?
                .ok_or_else(|| ClientError::Connect("it closed the connection".into()))?
                .map_err(|error| ClientError::Connect(error.to_string()))?;
            self.dead_at = Instant::now() + DEAD_AFTER;
            // Pings are answered by the library when it reads on.
            let Message::Binary(frame) = message else {
                continue;
            };
            let message =
                decode_server(&frame).map_err(|error| ClientError::Protocol(error.to_string()))?;
            if let Some(message) = message {
                return Ok(message);
            }
        }
    }

    /// Says goodbye and waits a moment for the answer.
    pub(crate) async fn close(mut self) {
        let closing = async {
            let _ = self.stream.close(None).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }
}
