//! One connection to the server, for frames: the WebSocket, and the transport that the server
//! offers.

use crate::link::{self, Impairment, Link};
use crate::peer::PeerEvent;
use crate::transport::Transport;
use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use fmz_participant::{Channel, Path, Transmit};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::{Answer, Offer, PublishLine};
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

/// Frames that wait for the WebSocket: more than a writer's whole window of unacknowledged batches.
const OUTBOX_FRAMES: usize = 1024;

/// An input from a line.
#[derive(Debug)]
pub(crate) enum Brought {
    /// A frame of the server.
    Frame(Path, Bytes),
    /// Another sign of life on the WebSocket.
    Alive,
    /// ICE and DTLS stand.
    Connected,
    /// Both data channels are open.
    ChannelsOpen,
    /// An RTP packet, with the kernel's time of arrival since 1970.
    Packet(Box<RtpPacket>, Duration),
}

/// A live line.
#[derive(Debug)]
pub(crate) struct Line {
    reader: SplitStream<WebSocket>,
    outbox: mpsc::Sender<Bytes>,
    transport: Option<(u32, Transport)>,
    channels_open: bool,
    brought: VecDeque<Brought>,
    impairment: Option<Impairment>,
    /// Kept alive as long as the transport goes through it.
    link: Option<Link>,
}

impl Line {
    /// Opens a line. If `impairment` is given, the transport goes through a link that impairs it.
    pub(crate) async fn open(url: &str, impairment: Option<Impairment>) -> Result<Self> {
        let (socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true)
            .await
            .context("connect the WebSocket")?;
        let (sink, reader) = socket.split();
        let (outbox, frames) = mpsc::channel(OUTBOX_FRAMES);
        tokio::spawn(write(sink, frames));
        Ok(Self {
            reader,
            outbox,
            transport: None,
            channels_open: false,
            brought: VecDeque::new(),
            impairment,
            link: None,
        })
    }

    /// Returns the next input. The future may be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Brought> {
        loop {
            self.note_transport()?;
            if let Some(brought) = self.brought.pop_front() {
                return Ok(brought);
            }
            tokio::select! {
                frame = self.reader.next() => {
                    let frame = frame.context("the server closed the WebSocket")?.context("read the WebSocket")?;
                    return match frame {
                        WsMessage::Binary(frame) => Ok(Brought::Frame(Path::Socket, frame)),
                        WsMessage::Close(reason) => bail!("the server closed the WebSocket: {reason:?}"),
                        _ => Ok(Brought::Alive),
                    };
                }
                ran = run(&mut self.transport) => ran?,
            }
        }
    }

    /// Sends a frame on its path.
    pub(crate) fn send(&mut self, Transmit { path, frame }: &Transmit) -> Result<()> {
        match (path, &mut self.transport) {
            (Path::Socket, _) => self
                .outbox
                .try_send(frame.clone())
                .map_err(|_| anyhow!("the WebSocket takes no more")),
            (Path::Channel(Channel::Ops), Some((_, transport))) => transport.send_ops(frame),
            (Path::Channel(Channel::Live), Some((_, transport))) => transport.send_live(frame),
            (Path::Channel(channel), None) => bail!("there is no channel {channel:?}"),
        }
    }

    /// Sends a message over the WebSocket.
    pub(crate) fn say(&mut self, message: ToServer) -> Result<()> {
        self.send(&Transmit {
            path: Path::Socket,
            frame: fmz_proto::encode_client(message),
        })
    }

    /// Returns whether both data channels are open.
    pub(crate) fn has_channels(&self) -> bool {
        self.channels_open
    }

    /// Returns the transport, once the server has offered one.
    pub(crate) fn transport(&mut self) -> Option<&mut Transport> {
        self.transport.as_mut().map(|(_, transport)| transport)
    }

    /// Answers an offer; returns the offer's lines for publishing.
    pub(crate) fn accept(&mut self, offer: &Offer) -> Result<Vec<PublishLine>> {
        if self
            .transport
            .as_ref()
            .is_none_or(|(number, _)| *number != offer.transport)
        {
            self.transport = Some((offer.transport, Transport::bind()?));
            self.channels_open = false;
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
        self.say(ToServer::Answer(answer))?;
        Ok(offer.lines.clone())
    }

    /// Returns the offer unchanged, or with the link's address in place of the server's.
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

    fn note_transport(&mut self) -> Result<()> {
        while let Some((event, arrived)) = self
            .transport
            .as_mut()
            .and_then(|(_, transport)| transport.poll_event())
        {
            let brought = match event {
                PeerEvent::Connected => Brought::Connected,
                PeerEvent::OpsOpen => {
                    self.channels_open = true;
                    Brought::ChannelsOpen
                }
                PeerEvent::Frame(frame) => {
                    Brought::Frame(Path::Channel(Channel::Ops), frame.into())
                }
                PeerEvent::LiveFrame(frame) => {
                    Brought::Frame(Path::Channel(Channel::Live), frame.into())
                }
                PeerEvent::Packet(packet) => Brought::Packet(packet, arrived),
                PeerEvent::Closed => bail!("the transport closed"),
            };
            self.brought.push_back(brought);
        }
        Ok(())
    }
}

async fn run(transport: &mut Option<(u32, Transport)>) -> Result<()> {
    match transport {
        Some((_, transport)) => transport.run().await,
        None => std::future::pending().await,
    }
}

/// Writes frames until the line is dropped or the server is gone.
async fn write(mut sink: SplitSink<WebSocket, WsMessage>, mut frames: mpsc::Receiver<Bytes>) {
    while let Some(frame) = frames.recv().await {
        if sink.send(WsMessage::Binary(frame)).await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}
