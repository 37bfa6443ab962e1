//! A line without a document. It says hello and reports the server's messages. It serves generators
//! of load, of which hundreds run in one process, and witnesses, which must not share code with
//! what they judge. A writer that behaves as a client is a [`crate::member::Member`].

use crate::line::{Brought, Line};
use crate::transport::Transport;
use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use fmz_participant::{Channel, Path, Transmit};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{
    Committed, DocumentSnapshot, Hello, Leave, OpBatch, PublishLine, Snapshot, Welcome,
};
use std::collections::VecDeque;
use std::time::Duration;
use str0m::rtp::RtpPacket;

/// Address and identity with which a session joins.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    /// Address of the WebSocket.
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) session_key: [u8; 16],
    /// Last revision that is held; 0 asks for a snapshot.
    pub(crate) revision: u64,
    /// Whether to ask for media and data channels.
    pub(crate) transport: bool,
}

impl Join {
    /// Returns the same address and token with another participant's key.
    pub(crate) fn numbered(&self, number: u64) -> Self {
        let mut join = self.clone();
        join.session_key[..8].copy_from_slice(&number.to_be_bytes());
        join
    }
}

/// An event of a session.
#[derive(Debug)]
pub(crate) enum Event {
    /// ICE and DTLS stand.
    Connected,
    /// Ops go over the data channel from here on.
    OpsOpen,
    /// The server offered lines to publish on.
    Lines(Vec<PublishLine>),
    /// A document in one piece.
    Snapshot(DocumentSnapshot),
    /// An RTP packet, with the kernel's time of arrival since 1970.
    Packet(Box<RtpPacket>, Duration),
    /// A copy of commits, from the channel `live`.
    Copy(Committed),
    /// Any other message of the server.
    Message(Box<FromServer>),
}

/// A live session.
#[derive(Debug)]
pub(crate) struct Session {
    line: Line,
    snapshot: BytesMut,
    events: VecDeque<Event>,
}

impl Session {
    /// Connects and says hello; returns after the server's welcome.
    pub(crate) async fn join(join: &Join) -> Result<(Self, Welcome)> {
        let mut session = Self {
            line: Line::open(&join.url, None).await?,
            snapshot: BytesMut::new(),
            events: VecDeque::new(),
        };
        session.send(hello(join))?;
        let welcome = session.welcome().await?;
        Ok((session, welcome))
    }

    async fn welcome(&mut self) -> Result<Welcome> {
        match self.next().await? {
            Event::Message(message) => match *message {
                FromServer::Welcome(welcome) => Ok(welcome),
                other => bail!("the server began with {other:?}"),
            },
            other => bail!("the server began with {other:?}"),
        }
    }

    /// Returns the next event. The future may be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            match self.line.next().await? {
                Brought::Frame(path, frame) => self.handle_frame(path, &frame)?,
                Brought::Alive => {}
                Brought::Connected => return Ok(Event::Connected),
                Brought::ChannelsOpen => return Ok(Event::OpsOpen),
                Brought::Packet(packet, arrived) => return Ok(Event::Packet(packet, arrived)),
            }
        }
    }

    /// Sends over the WebSocket.
    pub(crate) fn send(&mut self, message: ToServer) -> Result<()> {
        self.line.say(message)
    }

    /// Sends ops over the data channel if it is open, else over the WebSocket.
    pub(crate) fn send_ops(&mut self, batch: OpBatch) -> Result<()> {
        let path = match self.line.has_channels() {
            true => Path::Channel(Channel::Ops),
            false => Path::Socket,
        };
        self.line.send(&Transmit {
            path,
            frame: fmz_proto::encode_client(ToServer::Ops(batch)),
        })
    }

    /// Returns the transport, once the server has offered one.
    pub(crate) fn transport(&mut self) -> Option<&mut Transport> {
        self.line.transport()
    }

    /// Sends `Leave` and waits until the server has closed the connection.
    pub(crate) async fn leave(mut self) {
        if self.send(ToServer::Leave(Leave {})).is_ok() {
            while self.next().await.is_ok() {}
        }
    }

    fn handle_frame(&mut self, path: Path, frame: &Bytes) -> Result<()> {
        let message = fmz_proto::decode_server(frame).context("decode a frame")?;
        let event = match message {
            None => return Ok(()),
            Some(FromServer::Committed(copy)) if path == Path::Channel(Channel::Live) => {
                Event::Copy(copy)
            }
            Some(FromServer::Offer(offer)) => match self.line.accept(&offer)? {
                lines if lines.is_empty() => return Ok(()),
                lines => Event::Lines(lines),
            },
            Some(FromServer::Snapshot(part)) => match self.join_snapshot(&part)? {
                None => return Ok(()),
                Some(document) => Event::Snapshot(document),
            },
            Some(FromServer::Closing(closing)) => bail!("the server ends the session: {closing:?}"),
            Some(message) => Event::Message(Box::new(message)),
        };
        self.events.push_back(event);
        Ok(())
    }

    fn join_snapshot(&mut self, part: &Snapshot) -> Result<Option<DocumentSnapshot>> {
        self.snapshot.extend_from_slice(&part.part);
        if !part.last {
            return Ok(None);
        }
        let whole = self.snapshot.split().freeze();
        let document = fmz_proto::Message::decode(whole).context("decode the snapshot")?;
        Ok(Some(document))
    }
}

fn hello(join: &Join) -> ToServer {
    ToServer::Hello(Hello {
        protocol: 1,
        token: join.token.clone(),
        name: "load".to_owned(),
        session_key: Bytes::copy_from_slice(&join.session_key),
        revision: join.revision,
        transport: join.transport,
    })
}
