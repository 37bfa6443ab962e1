//! The sessions of a room, and which of them something waits for: with thousands of viewers, a
//! message of one must not cost a look at all.

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
    /// Those that changed since [`Self::settle`]. The other two say how things stood then.
    touched: Vec<SessionId>,
    /// Those that come in or wait for a snapshot.
    asking: BTreeSet<SessionId>,
    /// Those whose batches wait for their turn.
    sending: BTreeSet<SessionId>,
    /// No session is over before.
    over_at: Option<Instant>,
}

impl Sessions {
    pub(super) fn insert(&mut self, id: SessionId, session: Session) {
        self.over_not_before(session.over_at());
        self.touched.push(id);
        self.all.insert(id, session);
    }

    pub(super) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        self.touched.push(*id);
        self.all.remove(id)
    }

    pub(super) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        let session = self.all.get_mut(id)?;
        if self.touched.last() != Some(id) {
            self.touched.push(*id);
        }
        Some(session)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SessionId, &Session)> {
        self.all.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.touched.extend(self.all.keys());
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

    /// Those that come in or wait for a snapshot, in order.
    pub(super) fn asking(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.of(&self.asking)
    }

    /// Those whose batches wait for their turn, in order.
    pub(super) fn sending(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.of(&self.sending)
    }

    fn of<'a>(
        &'a self,
        ids: &'a BTreeSet<SessionId>,
    ) -> impl Iterator<Item = (SessionId, &'a Session)> {
        ids.iter().filter_map(|id| Some((*id, self.all.get(id)?)))
    }

    /// Finds out what waits for those that changed.
    pub(super) fn settle(&mut self) {
        for id in self.touched.drain(..) {
            let session = self.all.get(&id);
            put(&mut self.asking, id, session.is_some_and(Session::asks));
            put(&mut self.sending, id, session.is_some_and(Session::sends));
        }
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

fn put(ids: &mut BTreeSet<SessionId>, id: SessionId, belongs: bool) {
    if belongs {
        ids.insert(id);
    } else {
        ids.remove(&id);
    }
}

impl Session {
    fn asks(&self) -> bool {
        self.stage == Stage::Joining || self.feed == Feed::Snapshot
    }

    fn sends(&self) -> bool {
        !self.inbox.is_empty()
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
