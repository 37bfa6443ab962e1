//! A participant like any client's, over a line of this process.

use crate::line::{Brought, Line};
use crate::link::Impairment;
use crate::session::Join;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use fmz_participant::{Channel, Event, Introduction, Missed, Moment, Participant, Path, Transmit};
use fmz_proto::v1::server_message::Message as FromServer;
use std::time::Instant;

/// An input or event of a member.
#[derive(Debug)]
pub(crate) enum News {
    /// An event of the participant.
    Event(Event),
    /// The participant took a frame from the server.
    Heard(Path, Bytes),
    /// Ops go over the data channel from here on.
    ChannelsOpen,
}

/// One participant, with or without a connection.
#[derive(Debug)]
pub(crate) struct Member {
    participant: Participant,
    line: Option<Line>,
    copies: bool,
    began: Instant,
}

impl Member {
    /// Makes a member that has no connection yet. Without `copies` it neither sends nor accepts
    /// anything on the channel `live`.
    pub(crate) fn new(join: &Join, copies: bool) -> Self {
        let introduction = Introduction {
            token: join.token.clone(),
            name: "load".to_owned(),
            session_key: Bytes::copy_from_slice(&join.session_key),
            transport: join.transport,
            // This shell sees the WebSocket's own pings.
            pings: false,
        };
        Self {
            participant: Participant::new(introduction),
            line: None,
            copies,
            began: Instant::now(),
        }
    }

    /// Connects. The welcome comes as an event.
    pub(crate) async fn connect(
        &mut self,
        url: &str,
        impairment: Option<Impairment>,
    ) -> Result<()> {
        self.line = Some(Line::open(url, impairment).await?);
        self.participant.handle_connected(self.now());
        Ok(())
    }

    /// Drops the connection.
    pub(crate) fn disconnect(&mut self) {
        self.line = None;
        self.participant.handle_disconnected();
    }

    /// Sends everything that waits, then waits for the next event. The future may be dropped while
    /// it waits.
    pub(crate) async fn next(&mut self) -> Result<News> {
        loop {
            while let Some(transmit) = self.poll_transmit() {
                self.send(&transmit)?;
            }
            if let Some(news) = self.step().await? {
                return Ok(news);
            }
        }
    }

    /// Does the same without sending. Returns `None` if frames may wait to be sent.
    pub(crate) async fn step(&mut self) -> Result<Option<News>> {
        if let Some(event) = self.participant.poll_event() {
            return self.take_event(event);
        }
        let due = self.participant.poll_timeout();
        let due = due.map(|due| self.began + due.since_beginning());
        let line = self.line.as_mut().context("there is no connection")?;
        let brought = tokio::select! {
            brought = line.next() => brought?,
            () = until(due) => {
                self.participant.handle_timeout(self.now());
                return Ok(None);
            }
        };
        let now = self.now();
        match brought {
            Brought::Frame(Path::Channel(Channel::Live), _) if !self.copies => Ok(None),
            Brought::Frame(path, frame) => {
                self.participant.handle_frame(path, &frame, now)?;
                Ok(Some(News::Heard(path, frame)))
            }
            Brought::Alive => {
                self.participant.handle_alive(now);
                Ok(None)
            }
            Brought::ChannelsOpen => {
                if self.copies {
                    (self.participant).handle_channel(Channel::Live, true, now);
                }
                self.participant.handle_channel(Channel::Ops, true, now);
                Ok(Some(News::ChannelsOpen))
            }
            Brought::Connected | Brought::Packet(..) => Ok(None),
        }
    }

    fn take_event(&mut self, event: Event) -> Result<Option<News>> {
        match event {
            Event::Message(message) => match *message {
                FromServer::Offer(offer) => {
                    let line = self.line.as_mut().context("there is no connection")?;
                    line.accept(&offer)?;
                    Ok(None)
                }
                FromServer::Closing(closing) => bail!("the server ends the session: {closing:?}"),
                other => Ok(Some(News::Event(Event::Message(Box::new(other))))),
            },
            Event::Missed(Missed::Unfit(error)) => bail!("a commit does not fit: {error}"),
            Event::Silent => bail!("the server fell silent"),
            other => Ok(Some(News::Event(other))),
        }
    }

    /// Returns the next frame to send with [`Self::send`].
    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.participant.poll_transmit()
    }

    /// Sends a frame.
    pub(crate) fn send(&mut self, transmit: &Transmit) -> Result<()> {
        let line = self.line.as_mut().context("there is no connection")?;
        line.send(transmit)
    }

    /// Calls a verb of the participant.
    pub(crate) fn drive<T>(&mut self, verb: impl FnOnce(&mut Participant, Moment) -> T) -> T {
        let now = self.now();
        verb(&mut self.participant, now)
    }

    pub(crate) fn participant(&self) -> &Participant {
        &self.participant
    }

    fn now(&self) -> Moment {
        Moment::after_beginning(self.began.elapsed())
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
