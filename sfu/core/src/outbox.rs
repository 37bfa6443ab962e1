//! Frames that wait for a data channel, above the few that SCTP may hold.

use crate::limits::{
    LIVE_QUEUE_BYTES_MAX, OPS_QUEUE_BYTES_MAX, OPS_QUEUE_FULL_BYTES, OPS_QUEUE_HIGH_BYTES,
    OPS_QUEUE_LOW_BYTES,
};
use crate::transport::Channel;
use bytes::Bytes;
use fmz_proto::v1::ChannelLevel;
use std::collections::VecDeque;

/// The result of pushing a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// The channel is not open.
    Ignored,
    /// The queue ran over, and its frames were dropped. On `ops` the channel now counts as closed
    /// until SCTP is empty.
    Overrun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open,
    /// The queue ran over. The channel waits until the client has taken all bytes that SCTP still
    /// holds.
    Overrun,
}

/// The fill level of the queue, as reported to the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Low,
    High,
    Full,
}

impl Level {
    /// Returns the level for this many bytes. It rises at the two upper marks, and falls only at
    /// the lowest one.
    fn of(bytes: usize, before: Self) -> Self {
        if bytes >= OPS_QUEUE_FULL_BYTES {
            Self::Full
        } else if bytes <= OPS_QUEUE_LOW_BYTES {
            Self::Low
        } else if bytes >= OPS_QUEUE_HIGH_BYTES {
            before.max(Self::High)
        } else {
            before
        }
    }

    pub(crate) fn to_wire(self) -> ChannelLevel {
        match self {
            Self::Low => ChannelLevel::Low,
            Self::High => ChannelLevel::High,
            Self::Full => ChannelLevel::Full,
        }
    }
}

/// The queue of one channel.
#[derive(Debug)]
pub(crate) struct Outbox {
    channel: Channel,
    state: State,
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Level that was returned last.
    reported: Level,
}

impl Outbox {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            state: State::Closed,
            frames: VecDeque::new(),
            bytes: 0,
            reported: Level::Low,
        }
    }

    /// Returns the level if it has changed since the last call, or since the channel opened.
    pub(crate) fn new_level(&mut self) -> Option<Level> {
        let level = Level::of(self.bytes, self.reported);
        (std::mem::replace(&mut self.reported, level) != level).then_some(level)
    }

    pub(crate) fn open(&mut self) {
        self.state = State::Open;
    }

    /// Gives the channel up. Returns false if it was closed before.
    pub(crate) fn close(&mut self) -> bool {
        let was_open = self.state == State::Open;
        self.clear();
        self.state = State::Closed;
        was_open
    }

    pub(crate) fn push(&mut self, frame: Bytes) -> Pushed {
        if self.state != State::Open {
            return Pushed::Ignored;
        }
        let (limit, after) = match self.channel {
            Channel::Ops => (OPS_QUEUE_BYTES_MAX, State::Overrun),
            Channel::Live => (LIVE_QUEUE_BYTES_MAX, State::Open),
        };
        if self.bytes + frame.len() > limit {
            self.clear();
            self.state = after;
            return Pushed::Overrun;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        Pushed::Queued
    }

    pub(crate) fn front(&self) -> Option<&Bytes> {
        self.frames.front()
    }

    pub(crate) fn pop(&mut self) {
        if let Some(frame) = self.frames.pop_front() {
            self.bytes -= frame.len();
        }
    }

    pub(crate) fn is_overrun(&self) -> bool {
        self.state == State::Overrun
    }

    /// Returns true if frames wait, or if the channel ran over and may have recovered.
    pub(crate) fn has_work(&self) -> bool {
        !self.frames.is_empty() || self.is_overrun()
    }

    fn clear(&mut self) {
        self.frames.clear();
        (self.bytes, self.reported) = (0, Level::Low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(channel: Channel, frames: usize) -> (Outbox, Pushed) {
        let mut outbox = Outbox::new(channel);
        outbox.open();
        let frame = Bytes::from(vec![0; 32 * 1024]);
        let last = (0..frames).map(|_| outbox.push(frame.clone())).last();
        (outbox, last.unwrap())
    }

    #[test]
    fn sfu5_an_ops_queue_that_runs_over_is_dropped_and_closed() {
        let (mut outbox, last) = filled(Channel::Ops, 129);
        assert_eq!(last, Pushed::Overrun);
        assert!(outbox.front().is_none() && outbox.is_overrun());
        assert_eq!(outbox.push(Bytes::from_static(b"x")), Pushed::Ignored);
    }

    #[test]
    fn sfu17_a_level_is_told_once_rises_at_its_marks_and_falls_at_the_lowest() {
        let mut outbox = Outbox::new(Channel::Ops);
        outbox.open();
        let frame = Bytes::from(vec![0; 32 * 1024]);
        let mut rising = Vec::new();
        for frames in 1..=40 {
            assert_eq!(outbox.push(frame.clone()), Pushed::Queued);
            rising.extend(outbox.new_level().map(|level| (frames, level)));
        }
        assert_eq!(rising, [(8, Level::High), (32, Level::Full)]);
        let mut falling = Vec::new();
        for left in (0..40).rev() {
            outbox.pop();
            falling.extend(outbox.new_level().map(|level| (left, level)));
        }
        assert_eq!(falling, [(1, Level::Low)]);
    }

    #[test]
    fn sfu17_a_channel_that_ran_over_begins_again_at_the_lowest_level() {
        let (mut outbox, _) = filled(Channel::Ops, 128);
        assert_eq!(outbox.new_level(), Some(Level::Full));
        assert_eq!(outbox.push(Bytes::from_static(b"x")), Pushed::Overrun);
        assert_eq!(outbox.new_level(), None, "it is told closed");
    }

    #[test]
    fn sfu5_a_live_queue_that_runs_over_loses_what_is_old() {
        let (mut outbox, last) = filled(Channel::Live, 3);
        assert_eq!(last, Pushed::Overrun);
        assert!(outbox.front().is_none());
        assert_eq!(outbox.push(Bytes::from_static(b"x")), Pushed::Queued);
    }

    #[test]
    fn sfu5_a_closed_channel_takes_nothing() {
        let mut outbox = Outbox::new(Channel::Ops);
        assert_eq!(outbox.push(Bytes::from_static(b"x")), Pushed::Ignored);
        outbox.open();
        assert!(outbox.close());
        assert!(!outbox.close());
    }
}
