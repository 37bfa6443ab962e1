//! Frames that wait to be written to one WebSocket, by the server's rules, with a smaller bound so
//! that runs reach it.

use bytes::Bytes;
use fmz_signaling_core::{Class, Reason};
use std::collections::VecDeque;

/// Bytes that each frame counts beyond its own length.
const FRAME_OVERHEAD_BYTES: usize = 64;

#[derive(Debug)]
pub(crate) enum Waiting {
    Frame(Bytes, Class),
    Close(Reason),
}

/// Fate of frames that were pushed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    Dropped,
    Full,
}

#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    own: usize,
    catch_up: usize,
    bytes_max: usize,
    bounded: bool,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize, bounded: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            own: 0,
            catch_up: 0,
            bytes_max,
            bounded,
        }
    }

    /// Takes all frames or none.
    pub(crate) fn push(&mut self, class: Class, frames: &[Bytes]) -> Pushed {
        let bytes: usize = frames.iter().map(counted).sum();
        let over = match class {
            Class::Must => self.own + bytes > self.bytes_max,
            Class::Presence => self.own + bytes > self.bytes_max / 64,
            Class::CatchUp => self.catch_up > self.bytes_max,
        };
        if over && self.bounded {
            return match class {
                Class::Presence => Pushed::Dropped,
                Class::Must | Class::CatchUp => Pushed::Full,
            };
        }
        *self.count(class) += bytes;
        let waiting = frames
            .iter()
            .map(|frame| Waiting::Frame(frame.clone(), class));
        self.waiting.extend(waiting);
        Pushed::Queued
    }

    /// Ends the queue. A slow consumer does not get the frames that wait.
    pub(crate) fn close(&mut self, reason: Reason) {
        if reason == Reason::Slow {
            self.waiting.clear();
            (self.own, self.catch_up) = (0, 0);
        }
        self.waiting.push_back(Waiting::Close(reason));
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        if let Waiting::Frame(frame, class) = &waiting {
            *self.count(*class) -= counted(frame);
        }
        Some(waiting)
    }

    /// Returns whether more bytes wait than are allowed.
    pub(crate) fn is_over(&self) -> bool {
        self.own > self.bytes_max
    }

    /// Swaps the last two frames.
    pub(crate) fn swap_last(&mut self) {
        if let [.., a @ Waiting::Frame(..), b @ Waiting::Frame(..)] = self.waiting.make_contiguous()
        {
            std::mem::swap(a, b);
        }
    }

    fn count(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Must | Class::Presence => &mut self.own,
            Class::CatchUp => &mut self.catch_up,
        }
    }
}

fn counted(frame: &Bytes) -> usize {
    frame.len() + FRAME_OVERHEAD_BYTES
}
