//! The sessions of a room, and which of them something waits for: with thousands of viewers, a message of one must not
//! cost a look at all.

use crate::{
    SessionId, limits,
    session::{Feed, Pace, Session, Stage},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    /// Those that changed since [`Self::settle`], and those for whom something waits.
    waiting: BTreeSet<SessionId>,
    /// No session is over before.
    over_at: Option<Instant>,
}

impl Sessions {
    pub(super) fn insert(&mut self, id: SessionId, session: Session) {
        self.over_not_before(session.over_at());
        self.waiting.insert(id);
        self.all.insert(id, session);
    }

    pub(super) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        self.waiting.remove(id);
        self.all.remove(id)
    }

    pub(super) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        let session = self.all.get_mut(id)?;
        self.waiting.insert(*id);
        Some(session)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SessionId, &Session)> {
        self.all.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.waiting.extend(self.all.keys());
        self.all.values_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = SessionId> + use<> {
        std::mem::take(self).all.into_keys()
    }

    /// Those for whom something may be due, in order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        let known = |id: &SessionId| Some((*id, self.all.get(id)?));
        self.waiting.iter().filter_map(known)
    }

    /// Forgets those for whom nothing waits any more.
    pub(super) fn settle(&mut self) {
        let all = &self.all;
        self.waiting
            .retain(|id| all.get(id).is_some_and(Session::waits));
    }

    /// Takes note that a session may be over then.
    pub(super) fn over_not_before(&mut self, at: Instant) {
        self.over_at = Some(self.over_at.map_or(at, |bound| bound.min(at)));
    }

    /// When to look for sessions that are over: none is before.
    pub(super) fn over_at(&self) -> Option<Instant> {
        self.over_at.filter(|_| !self.all.is_empty())
    }

    /// Looks at all of them for when the first is over.
    pub(super) fn look(&mut self) {
        self.over_at = self.all.values().map(Session::over_at).min();
    }
}

impl Session {
    /// Whether something is due for it sooner or later.
    fn waits(&self) -> bool {
        self.stage == Stage::Joining || self.feed == Feed::Snapshot || !self.inbox.is_empty()
    }

    /// When it is over if nothing is heard of it.
    pub(super) fn over_at(&self) -> Instant {
        let alive = self.join.expires.min(self.heard + limits::SILENCE_MAX);
        self.held_until().map_or(alive, |held| held.min(alive))
    }

    /// When patience with a consumer to which nothing is sent ends.
    pub(super) fn held_until(&self) -> Option<Instant> {
        match self.pace {
            Pace::Held { since, .. } => Some(since + limits::HELD_MAX),
            Pace::Tick | Pace::Wide => None,
        }
    }
}
