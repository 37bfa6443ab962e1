//! Messages that wait for the media server, so that a room never waits for it.

use fmz_proto::v1::{Channel, to_sfu::Message};
use std::collections::VecDeque;

/// Messages of one room that wait at most. If as many wait, the media server has taken none for
/// seconds.
const MESSAGES_MAX: usize = 4096;
/// Messages that may wait while pointers are still queued.
const PRESENCE_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Adds a message. If the outbox is full, drops it and returns the sessions that needed it.
    #[must_use]
    pub(super) fn push(&mut self, message: Message) -> Vec<u64> {
        let live = matches!(&message, Message::Send(send) if send.channel() == Channel::Live);
        if live && self.messages.len() >= PRESENCE_MAX {
            return Vec::new();
        }
        if self.messages.len() >= MESSAGES_MAX {
            return concerned(message);
        }
        self.messages.push_back(message);
        Vec::new()
    }

    /// Drops all that waits.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }
}

/// Returns the sessions that a message is for.
fn concerned(message: Message) -> Vec<u64> {
    match message {
        Message::Send(send) => send.sessions,
        Message::Open(open) => vec![open.session],
        Message::Close(close) => vec![close.session],
        Message::Answer(answer) => vec![answer.session],
        Message::Candidate(candidate) => vec![candidate.session],
        Message::AddPublication(add) => vec![add.session],
        Message::RemovePublication(_) | Message::CloseRoom(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::{OpenTransport, SendData};

    fn send(channel: Channel) -> Message {
        Message::Send(SendData {
            room: "demo".into(),
            sessions: vec![1, 2],
            channel: channel.into(),
            payload: Default::default(),
        })
    }

    #[test]
    fn link1_full_outbox_drops_pointers_first_and_names_the_sessions_that_lose_ops() {
        let mut outbox = Outbox::default();
        for _ in 0..MESSAGES_MAX {
            assert!(outbox.push(send(Channel::Ops)).is_empty());
        }
        assert!(outbox.push(send(Channel::Live)).is_empty());
        assert_eq!(outbox.push(send(Channel::Ops)), [1, 2]);
        assert_eq!(
            outbox.push(Message::Open(OpenTransport {
                session: 3,
                ..Default::default()
            })),
            [3]
        );
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), MESSAGES_MAX);
    }
}
