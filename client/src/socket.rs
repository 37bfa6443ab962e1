//! The signaling WebSocket: frames in, frames out.

use crate::{ClientError, Options};
use bytes::Bytes;
use fmz_participant::limits::SILENCE_MAX;
use fmz_proto::v1::client_message;
use fmz_proto::{encode_client, limits};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

/// Longest wait for TCP, TLS and the upgrade together.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for the close handshake, including the sending of its frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Input from a WebSocket.
pub(crate) enum Heard {
    Frame(Bytes),
    /// A ping, or another sign of life. The library answers pings when it is read again.
    Alive,
}

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
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
        Ok(Self { stream })
    }

    pub(crate) async fn send(
        &mut self,
        message: client_message::Message,
    ) -> Result<(), ClientError> {
        self.send_frame(encode_client(message)).await
    }

    /// Sends an encoded message. A server that takes nothing for [`SILENCE_MAX`] counts as lost.
    pub(crate) async fn send_frame(&mut self, frame: Bytes) -> Result<(), ClientError> {
        let sending = self.stream.send(Message::Binary(frame));
        timeout(SILENCE_MAX, sending)
            .await
            .map_err(|_| ClientError::Connect("it takes no more messages".into()))?
            .map_err(|error| ClientError::Connect(error.to_string()))
    }

    /// Returns the next input. Dropping the future loses nothing.
    pub(crate) async fn receive(&mut self) -> Result<Heard, ClientError> {
        let message = self.stream.next().await;
        let message = message
            .ok_or_else(|| ClientError::Connect("it closed the connection".into()))?
            .map_err(|error| ClientError::Connect(error.to_string()))?;
        Ok(match message {
            Message::Binary(frame) => Heard::Frame(frame),
            _ => Heard::Alive,
        })
    }

    /// Sends a close frame and waits for the server's, [`CLOSE_WITHIN`] at most.
    pub(crate) async fn close(mut self) {
        let closing = async {
            let _ = self.stream.close(None).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }
}
