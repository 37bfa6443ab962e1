//! A client that keeps the real document, over the real wire.

use fmz_annotation::Document;
use fmz_proto::{
    Message as _, decode_server, encode_client, limits,
    v1::{
        Create, DocumentSnapshot, FrameStamp, Hello, Kind, ObjectId, Op, OpBatch, Welcome,
        client_message, op, server_message,
    },
};
use futures_util::{SinkExt, StreamExt};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Longer than anything here takes, so that a fault ends a test instead of holding it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Client {
    pub(crate) socket: Socket,
    pub(crate) welcome: Welcome,
    pub(crate) document: Document,
    snapshot: Vec<u8>,
    client_seq: u64,
    counter: u32,
}

pub(crate) async fn connect(address: SocketAddr) -> Socket {
    connect_async(format!("ws://{address}/ws")).await.unwrap().0
}

pub(crate) fn hello(token: String, key: u8, revision: u64) -> client_message::Message {
    client_message::Message::Hello(Hello {
        protocol: 1,
        token,
        name: "Ada".into(),
        session_key: vec![key; limits::SESSION_KEY_BYTES].into(),
        revision,
        transport: false,
    })
}

pub(crate) async fn send(socket: &mut Socket, message: client_message::Message) {
    socket
        .send(Message::Binary(encode_client(message)))
        .await
        .unwrap();
}

/// The next message, `None` once the server closed.
pub(crate) async fn receive(socket: &mut Socket) -> Option<server_message::Message> {
    loop {
        match timeout(PATIENCE, socket.next())
            .await
            .expect("a message in time")?
        {
            Ok(Message::Binary(frame)) => return Some(decode_server(&frame).unwrap().unwrap()),
            Ok(Message::Close(_))
            | Err(Error::ConnectionClosed | Error::Protocol(_) | Error::Io(_)) => return None,
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads until the server closed, and returns the code that it gave.
pub(crate) async fn closing_code(socket: &mut Socket) -> Option<String> {
    let mut code = None;
    while let Some(message) = receive(socket).await {
        if let server_message::Message::Closing(closing) = message {
            code = Some(closing.code);
        }
    }
    code
}

impl Client {
    pub(crate) async fn join(address: SocketAddr, token: String, key: u8, revision: u64) -> Self {
        Self::resume(address, token, key, revision, Document::new()).await
    }

    /// Comes back with a document.
    pub(crate) async fn resume(
        address: SocketAddr,
        token: String,
        key: u8,
        revision: u64,
        document: Document,
    ) -> Self {
        let mut socket = connect(address).await;
        send(&mut socket, hello(token, key, revision)).await;
        let Some(server_message::Message::Welcome(welcome)) = receive(&mut socket).await else {
            panic!("no welcome");
        };
        let client_seq = welcome.last_client_seq;
        let counter = client_seq as u32;
        let mut client = Self {
            socket,
            welcome,
            document,
            snapshot: Vec::new(),
            client_seq,
            counter,
        };
        let head = client.welcome.revision;
        client
            .until(|client| client.document.revision() >= head)
            .await;
        client
    }

    /// Takes messages in until something holds.
    pub(crate) async fn until(&mut self, mut holds: impl FnMut(&Self) -> bool) {
        while !holds(self) {
            self.take().await;
        }
    }

    /// Takes one message in.
    pub(crate) async fn take(&mut self) -> server_message::Message {
        let message = receive(&mut self.socket)
            .await
            .expect("the server does not close");
        match &message {
            server_message::Message::Snapshot(part) => {
                self.snapshot.extend_from_slice(&part.part);
                if part.last {
                    let snapshot =
                        DocumentSnapshot::decode(&*std::mem::take(&mut self.snapshot)).unwrap();
                    self.document = Document::from_snapshot(snapshot).unwrap();
                }
            }
            server_message::Message::Committed(committed) => {
                for batch in &committed.batches {
                    if batch.first_revision > self.document.revision() {
                        self.document.apply(batch).unwrap();
                    }
                }
            }
            _ => {}
        }
        message
    }

    /// Takes messages in until one of a kind comes.
    pub(crate) async fn expect<T>(
        &mut self,
        mut wanted: impl FnMut(server_message::Message) -> Option<T>,
    ) -> T {
        loop {
            let message = self.take().await;
            if let Some(found) = wanted(message) {
                return found;
            }
        }
    }

    pub(crate) fn next_counter(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn next_batch(&mut self) -> OpBatch {
        self.client_seq += 1;
        let id = Some(ObjectId {
            author: self.welcome.author,
            counter: self.next_counter(),
        });
        let create = Create {
            parent: None,
            id,
            kind: Kind::Rectangle.into(),
            frame: Some(FrameStamp::default()),
            properties: vec![],
        };
        let base = self.document.revision();
        OpBatch {
            client_seq: self.client_seq,
            base,
            ops: vec![Op {
                op: Some(op::Op::Create(create)),
            }],
        }
    }

    pub(crate) async fn draw(&mut self) {
        let batch = self.next_batch();
        send(&mut self.socket, client_message::Message::Ops(batch)).await;
    }

    pub(crate) async fn until_objects(&mut self, count: usize) {
        self.until(|client| client.document.object_count() == count)
            .await;
    }
}
