//! The server's end of a session, played by a test message by message.

use bytes::Bytes;
use fmz_client::{Client, ClientError, Event, Events, Options};
use fmz_proto::v1::{self, client_message, server_message::Message};
use fmz_proto::{decode_client, encode_server};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::{WebSocketStream, accept_async};

/// Longest wait for anything; a test that waits longer fails.
const WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    listener: TcpListener,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    /// Accepts a client that joins with these options, and answers with `welcome`.
    pub(crate) async fn join(
        &self,
        options: Options,
        welcome: impl AsyncFnOnce(&mut Line, v1::Hello),
    ) -> (Result<(Client, Events), ClientError>, Line) {
        let url = format!("ws://{}/ws", self.listener.local_addr().unwrap());
        let connecting = Client::connect(&url, "token", options);
        let serving = async {
            let (mut line, hello) = self.accept().await;
            welcome(&mut line, hello).await;
            line
        };
        tokio::join!(connecting, serving)
    }

    pub(crate) async fn accept(&self) -> (Line, v1::Hello) {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let mut line = Line {
            socket: accept_async(stream).await.unwrap(),
        };
        let client_message::Message::Hello(hello) = line.hear().await else {
            panic!("hello comes first");
        };
        (line, hello)
    }
}

/// The server's end of one WebSocket.
pub(crate) struct Line {
    socket: WebSocketStream<TcpStream>,
}

impl Line {
    /// Returns the client's next message that is not presence.
    pub(crate) async fn hear(&mut self) -> client_message::Message {
        loop {
            let frame = within(self.socket.next()).await.unwrap().unwrap();
            if let tungstenite::Message::Binary(frame) = frame {
                return decode_client(&frame).unwrap();
            }
        }
    }

    pub(crate) async fn hear_ops(&mut self) -> v1::OpBatch {
        match self.hear().await {
            client_message::Message::Ops(batch) => batch,
            other => panic!("ops, not {other:?}"),
        }
    }

    /// Waits for the end of the connection; returns true if the client closed it in order.
    pub(crate) async fn hear_close(&mut self) -> bool {
        let frame = within(self.socket.next()).await;
        matches!(frame, Some(Ok(tungstenite::Message::Close(_))))
    }

    pub(crate) async fn say(&mut self, message: Message) {
        let frame: Bytes = encode_server(message);
        let sent = self.socket.send(tungstenite::Message::Binary(frame));
        sent.await.unwrap();
    }
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(WITHIN, work).await.expect("it happens in time")
}

/// Returns the result of `pick` for the first event for which it gives one.
pub(crate) async fn event<T>(events: &mut Events, pick: impl Fn(Event) -> Option<T>) -> T {
    within(async {
        loop {
            let event = events.next().await.expect("the session goes on");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    })
    .await
}

/// Makes a welcome as author 1 into a document of one revision.
pub(crate) fn welcome(last_client_seq: u64) -> Message {
    Message::Welcome(v1::Welcome {
        room: "dailies".into(),
        participant: 1,
        author: 1,
        last_client_seq,
        revision: 1,
        grants: Some(v1::Grants {
            view: true,
            annotate: true,
            publish: true,
            ..Default::default()
        }),
        ..Default::default()
    })
}
