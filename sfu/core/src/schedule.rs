//! Decides which endpoint has the next turn: some have work now, others at a known time.

use crate::publication::{PublicationKey, Publications};
use crate::slot::Slot;
use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

/// Work of an endpoint's next turn. The greater includes the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Packets are forwarded, and the transport is driven.
    Forward,
    /// Before that, everything except packets: offers, data channels, keyframe requests, time
    /// limits.
    Tend,
}

impl Work {
    const COUNT: usize = 2;

    fn index(self) -> usize {
        self as usize
    }
}

/// Work, place in the queue and deadlines of one slot.
#[derive(Debug, Default)]
struct Entry {
    /// Work for the next turn.
    work: Option<Work>,
    /// Whether the slot is in the queue. It stays there if its endpoint ends, so that the queue
    /// never holds a slot twice.
    queued: bool,
    /// Deadline of each kind of work, as in `timers`.
    deadlines: [Option<Instant>; Work::COUNT],
}

/// Turns and deadlines of all endpoints.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// Entries by slot.
    entries: Vec<Entry>,
    queue: VecDeque<Slot>,
    timers: BTreeSet<(Instant, Slot, Work)>,
    /// Publications with packets for which their subscribers have not been woken.
    dirty: Vec<PublicationKey>,
}

impl Schedule {
    /// Gives an endpoint a turn, with at least this work.
    pub(crate) fn wake(&mut self, slot: Slot, work: Work) {
        let entry = self.entry(slot);
        entry.work = entry.work.max(Some(work));
        if !std::mem::replace(&mut entry.queued, true) {
            self.queue.push_back(slot);
        }
    }

    /// Notes that a publication has a new packet.
    pub(crate) fn mark_dirty(&mut self, key: PublicationKey, publications: &mut Publications) {
        if !std::mem::replace(&mut publications[key].dirty, true) {
            self.dirty.push(key);
        }
    }

    /// Takes the next turn. New packets wake their subscribers only after all others have had their
    /// turns, so that packets which came in the meantime leave in the same burst.
    pub(crate) fn next(&mut self, publications: &mut Publications) -> Option<(Slot, Work)> {
        loop {
            while let Some(slot) = self.queue.pop_front() {
                let entry = &mut self.entries[slot.index()];
                entry.queued = false;
                // An endpoint that ended after it was woken has no work.
                if let Some(work) = entry.work.take() {
                    return Some((slot, work));
                }
            }
            if self.dirty.is_empty() {
                return None;
            }
            // No turn is left, but there are new packets: their subscribers get turns now.
            self.wake_subscribers(publications);
        }
    }

    fn wake_subscribers(&mut self, publications: &mut Publications) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            let publication = &mut publications[key];
            publication.dirty = false;
            for slot in &publication.subscribers {
                self.wake(*slot, Work::Forward);
            }
        }
        // The list keeps its memory for the next round.
        self.dirty = dirty;
    }

    /// Sets the deadline of one kind of an endpoint's work, in place of the one before.
    pub(crate) fn arm(&mut self, slot: Slot, work: Work, at: Instant) {
        let before = self.entry(slot).deadlines[work.index()].replace(at);
        if before == Some(at) {
            return;
        }
        if let Some(before) = before {
            self.timers.remove(&(before, slot, work));
        }
        self.timers.insert((at, slot, work));
    }

    /// Gives a turn to all endpoints whose deadline has come.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((at, slot, work)) = self.timers.first().copied() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            self.entries[slot.index()].deadlines[work.index()] = None;
            self.wake(slot, work);
        }
    }

    /// Returns the first deadline.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, ..)| *at)
    }

    /// Forgets the work and the deadlines of an endpoint that ended.
    pub(crate) fn forget(&mut self, slot: Slot) {
        let entry = self.entry(slot);
        entry.work = None;
        let deadlines = std::mem::take(&mut entry.deadlines);
        for (work, at) in [Work::Forward, Work::Tend].into_iter().zip(deadlines) {
            if let Some(at) = at {
                self.timers.remove(&(at, slot, work));
            }
        }
    }

    /// Forgets a publication that ended.
    pub(crate) fn forget_publication(&mut self, key: PublicationKey) {
        self.dirty.retain(|known| *known != key);
    }

    /// Returns the entry of a slot. There are as many entries as there were endpoints at one time.
    fn entry(&mut self, slot: Slot) -> &mut Entry {
        if self.entries.len() <= slot.index() {
            self.entries.resize_with(slot.index() + 1, Entry::default);
        }
        &mut self.entries[slot.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::epoch;
    use std::time::Duration;

    fn turns(schedule: &mut Schedule) -> Vec<(Slot, Work)> {
        let mut publications = Publications::default();
        std::iter::from_fn(|| schedule.next(&mut publications)).collect()
    }

    #[test]
    fn an_endpoint_has_one_turn_however_often_it_is_woken() {
        let mut schedule = Schedule::default();
        for (slot, work) in [
            (1, Work::Forward),
            (0, Work::Tend),
            (1, Work::Tend),
            (0, Work::Forward),
        ] {
            schedule.wake(Slot(slot), work);
        }
        assert_eq!(
            turns(&mut schedule),
            [(Slot(1), Work::Tend), (Slot(0), Work::Tend)]
        );
        assert_eq!(turns(&mut schedule), []);
    }

    #[test]
    fn an_endpoint_that_ended_has_no_turn_and_leaves_none_to_the_next_in_its_slot() {
        let mut schedule = Schedule::default();
        let now = epoch();
        for _ in 0..100 {
            schedule.wake(Slot(2), Work::Tend);
            schedule.arm(Slot(2), Work::Tend, now);
            schedule.arm(Slot(2), Work::Forward, now);
            schedule.forget(Slot(2));
        }
        assert_eq!(
            schedule.queue.len(),
            1,
            "a queue of slots cannot grow beyond them"
        );
        assert_eq!((schedule.deadline(), turns(&mut schedule)), (None, vec![]));
        schedule.forget(Slot(2));
        schedule.wake(Slot(2), Work::Forward);
        assert_eq!(turns(&mut schedule), [(Slot(2), Work::Forward)]);
    }

    #[test]
    fn a_deadline_replaces_the_one_before_and_wakes_for_its_own_work() {
        let (mut schedule, start) = (Schedule::default(), epoch());
        let at = |ms| start + Duration::from_millis(ms);
        schedule.arm(Slot(0), Work::Forward, at(5));
        schedule.arm(Slot(0), Work::Tend, at(20));
        schedule.arm(Slot(0), Work::Forward, at(10));
        assert_eq!(schedule.deadline(), Some(at(10)));
        schedule.expire(at(9));
        assert_eq!(turns(&mut schedule), []);
        schedule.expire(at(10));
        assert_eq!(turns(&mut schedule), [(Slot(0), Work::Forward)]);
        assert_eq!(schedule.deadline(), Some(at(20)));
        schedule.expire(at(30));
        assert_eq!(turns(&mut schedule), [(Slot(0), Work::Tend)]);
        assert_eq!(schedule.deadline(), None);
    }
}
