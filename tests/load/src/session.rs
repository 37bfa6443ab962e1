//! One connection to the server as a participant has it: the WebSocket, and the transport that the server offers.

use crate::link::{self, Impairment, Link};
use crate::peer::PeerEvent;
use crate::transport::Transport;
use anyhow::{Context, Result, anyhow, bail};
use bytes::{Bytes, BytesMut};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{
    Answer, Committed, DocumentSnapshot, Hello, Leave, Offer, OpBatch, OpCopies, PublishLine,
    Snapshot, Welcome,
};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::time::Duration;
use str0m::rtp::RtpPacket;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Frames that wait for the WebSocket: more than a writer's whole window of un-acknowledged batches.
const OUTBOX_FRAMES: usize = 1024;

/// How to come in.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    /// Address of the WebSocket.
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) session_key: [u8; 16],
    /// Last revision held; 0 asks for a snapshot.
    pub(crate) revision: u64,
    /// Whether to ask for media and data channels.
    pub(crate) transport: bool,
}

impl Join {
    /// The same way in, as another participant.
    pub(crate) fn numbered(&self, number: u64) -> Self {
        let mut join = self.clone();
        join.session_key[..8].copy_from_slice(&number.to_be_bytes());
        join
    }
}

/// What a session has to tell.
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
    /// A copy of commits, by the channel that loses.
    Copy(Committed),
    /// Everything else the server says.
    Message(Box<FromServer>),
}

/// A live session.
#[derive(Debug)]
pub(crate) struct Session {
    reader: SplitStream<WebSocket>,
    outbox: mpsc::Sender<Bytes>,
    transport: Option<(u32, Transport)>,
    ops_open: bool,
    snapshot: BytesMut,
    events: VecDeque<Event>,
    impairment: Option<Impairment>,
    /// Held while the transport goes through it.
    link: Option<Link>,
}

impl Session {
    /// Connects and says hello; returns when the server has said welcome.
    pub(crate) async fn join(join: &Join) -> Result<(Self, Welcome)> {
        Self::join_through(join, None).await
    }

    /// The same; the transport goes through a link that does this to it.
    pub(crate) async fn join_through(
        join: &Join,
        impairment: Option<Impairment>,
    ) -> Result<(Self, Welcome)> {
        let (socket, _) = tokio_tungstenite::connect_async_with_config(&join.url, None, true)
            .await
            .context("connect the WebSocket")?;
        let (sink, reader) = socket.split();
        let (outbox, frames) = mpsc::channel(OUTBOX_FRAMES);
        tokio::spawn(write(sink, frames));
        let mut session = Self {
            reader,
            outbox,
            transport: None,
            ops_open: false,
            snapshot: BytesMut::new(),
            events: VecDeque::new(),
            impairment,
            link: None,
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

    /// The next thing to know. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            self.note_transport()?;
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            tokio::select! {
                frame = self.reader.next() => {
                    let frame = frame.context("the server closed the WebSocket")?.context("read the WebSocket")?;
                    self.handle_ws(frame)?;
                }
                ran = run(&mut self.transport) => ran?,
            }
        }
    }

    /// Sends over the WebSocket.
    pub(crate) fn send(&self, message: ToServer) -> Result<()> {
        let frame = fmz_proto::encode_client(message);
        self.outbox
            .try_send(frame)
            .map_err(|_| anyhow!("the WebSocket takes no more"))
    }

    /// Sends ops over the data channel where it is open, else over the WebSocket.
    pub(crate) fn send_ops(&mut self, batch: OpBatch) -> Result<()> {
        let message = ToServer::Ops(batch);
        match &mut self.transport {
            Some((_, transport)) if self.ops_open => {
                transport.send_ops(&fmz_proto::encode_client(message))
            }
            _ => self.send(message),
        }
    }

    /// Sends copies of batches over the data channel that loses.
    pub(crate) fn send_copies(&mut self, copies: OpCopies) -> Result<()> {
        let frame = fmz_proto::encode_client(ToServer::Copies(copies));
        match &mut self.transport {
            Some((_, transport)) if self.ops_open => transport.send_live(&frame),
            _ => Ok(()),
        }
    }

    /// The transport, once the server has offered one.
    pub(crate) fn transport(&mut self) -> Option<&mut Transport> {
        self.transport.as_mut().map(|(_, transport)| transport)
    }

    /// Says goodbye and waits until the server has closed.
    pub(crate) async fn leave(mut self) {
        if self.send(ToServer::Leave(Leave {})).is_ok() {
            while self.next().await.is_ok() {}
        }
    }

    fn handle_ws(&mut self, message: WsMessage) -> Result<()> {
        match message {
            WsMessage::Binary(frame) => self.handle_frame(&frame),
            WsMessage::Close(reason) => bail!("the server closed the WebSocket: {reason:?}"),
            _ => Ok(()),
        }
    }

    fn handle_frame(&mut self, frame: &[u8]) -> Result<()> {
        match fmz_proto::decode_server(frame).context("decode a frame")? {
            Some(FromServer::Offer(offer)) => self.accept(&offer),
            Some(FromServer::Snapshot(part)) => self.join_snapshot(&part),
            Some(FromServer::Closing(closing)) => bail!("the server ends the session: {closing:?}"),
            Some(message) => {
                self.events.push_back(Event::Message(Box::new(message)));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn handle_live(&mut self, frame: &[u8]) -> Result<()> {
        match fmz_proto::decode_server(frame).context("decode a frame")? {
            Some(FromServer::Committed(copy)) => {
                self.events.push_back(Event::Copy(copy));
                Ok(())
            }
            _ => self.handle_frame(frame),
        }
    }

    fn accept(&mut self, offer: &Offer) -> Result<()> {
        if self
            .transport
            .as_ref()
            .is_none_or(|(number, _)| *number != offer.transport)
        {
            self.transport = Some((offer.transport, Transport::bind()?));
            self.ops_open = false;
        }
        let offered = self.led_through(&offer.sdp)?;
        let (number, transport) = self.transport.as_mut().expect("made above");
        let mut sdp = transport.accept_offer(&offered)?;
        if self.link.is_some() {
            sdp = link::sdp::without_candidates(&sdp);
        }
        let answer = Answer {
            offer: offer.offer,
            sdp,
            transport: *number,
        };
        self.send(ToServer::Answer(answer))?;
        if !offer.lines.is_empty() {
            self.events.push_back(Event::Lines(offer.lines.clone()));
        }
        Ok(())
    }

    /// The offer as it is, or with the link in place of the server.
    fn led_through(&mut self, offer: &str) -> Result<String> {
        let Some(impairment) = self.impairment else {
            return Ok(offer.to_owned());
        };
        let server = link::sdp::server_in(offer)?;
        let here = std::net::SocketAddr::new(server.ip(), 0);
        let link = match self.link.take() {
            Some(link) => link,
            None => Link::open(here, server, impairment)?,
        };
        let offer = link::sdp::through(offer, server, link.address);
        self.link = Some(link);
        Ok(offer)
    }

    fn join_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.snapshot.extend_from_slice(&snapshot.part);
        if snapshot.last {
            let whole = self.snapshot.split();
            let document =
                fmz_proto::Message::decode(whole.freeze()).context("decode the snapshot")?;
            self.events.push_back(Event::Snapshot(document));
        }
        Ok(())
    }

    fn note_transport(&mut self) -> Result<()> {
        while let Some((event, arrived)) = self
            .transport
            .as_mut()
            .and_then(|(_, transport)| transport.poll_event())
        {
            match event {
                PeerEvent::Connected => self.events.push_back(Event::Connected),
                PeerEvent::OpsOpen => {
                    self.ops_open = true;
                    self.events.push_back(Event::OpsOpen);
                }
                PeerEvent::Frame(frame) => self.handle_frame(&frame)?,
                PeerEvent::LiveFrame(frame) => self.handle_live(&frame)?,
                PeerEvent::Packet(packet) => self.events.push_back(Event::Packet(packet, arrived)),
                PeerEvent::Closed => bail!("the transport closed"),
            }
        }
        Ok(())
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

async fn run(transport: &mut Option<(u32, Transport)>) -> Result<()> {
    match transport {
        Some((_, transport)) => transport.run().await,
        None => std::future::pending().await,
    }
}

/// Writes frames until the session is dropped or the server is gone.
async fn write(mut sink: SplitSink<WebSocket, WsMessage>, mut frames: mpsc::Receiver<Bytes>) {
    while let Some(frame) = frames.recv().await {
        if sink.send(WsMessage::Binary(frame)).await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}
