//! The sessions of a room, and indexes of those that something waits for: with thousands of
//! viewers, a message of one session must not cost a look at all the others.

use crate::{
    SessionId, limits,
    session::{Feed, Live, Pace, Pen, Session, Stage},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: BTreeMap<SessionId, Session>,
    /// Sessions that changed since [`Self::settle`]. The two indexes are as of then.
    touched: Vec<SessionId>,
    /// Sessions that are joining or wait for a snapshot.
    asking: BTreeSet<SessionId>,
    /// Sessions with batches that wait for their turn.
    sending: BTreeSet<SessionId>,
    /// No session is over before this time.
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

    /// Returns a session that takes part.
    pub(super) fn live(&self, id: &SessionId) -> Option<&Live> {
        self.get(id)?.live()
    }

    /// Returns a session that takes part, to change it.
    pub(super) fn live_mut(&mut self, id: &SessionId) -> Option<&mut Live> {
        self.get_mut(id)?.live_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SessionId, &Session)> {
        self.all.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Session> {
        self.all.values()
    }

    /// Returns all sessions that take part, to change them.
    pub(super) fn all_live_mut(&mut self) -> impl Iterator<Item = &mut Live> {
        self.touched.extend(self.all.keys());
        self.all.values_mut().filter_map(Session::live_mut)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Forgets all sessions, and returns their numbers.
    pub(super) fn take(&mut self) -> impl Iterator<Item = SessionId> + use<> {
        std::mem::take(self).all.into_keys()
    }

    /// Returns the sessions that are joining or wait for a snapshot, in order.
    pub(super) fn asking(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.of(&self.asking)
    }

    /// Returns the sessions with batches that wait for their turn, in order.
    pub(super) fn sending(&self) -> impl Iterator<Item = (SessionId, &Pen)> {
        let sessions = self.of(&self.sending);
        sessions.filter_map(|(id, session)| Some((id, session.live()?.pen.as_ref()?)))
    }

    fn of<'a>(
        &'a self,
        ids: &'a BTreeSet<SessionId>,
    ) -> impl Iterator<Item = (SessionId, &'a Session)> {
        ids.iter().filter_map(|id| Some((*id, self.all.get(id)?)))
    }

    /// Brings the indexes up to date for the sessions that changed.
    pub(super) fn settle(&mut self) {
        for id in self.touched.drain(..) {
            let session = self.all.get(&id);
            put(&mut self.asking, id, session.is_some_and(Session::asks));
            put(&mut self.sending, id, session.is_some_and(Session::sends));
        }
    }

    /// Notes that a session may be over at this time.
    pub(super) fn over_not_before(&mut self, at: Instant) {
        self.over_at = Some(self.over_at.map_or(at, |bound| bound.min(at)));
    }

    /// Returns when to look for sessions that are over: none is before.
    pub(super) fn over_at(&self) -> Option<Instant> {
        self.over_at.filter(|_| !self.all.is_empty())
    }

    /// Finds out when the first session is over.
    pub(super) fn find_over_at(&mut self) {
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
        match &self.stage {
            Stage::Joining => true,
            Stage::Live(live) => live.feed == Feed::Snapshot,
        }
    }

    fn sends(&self) -> bool {
        let pen = self.live().and_then(|live| live.pen.as_ref());
        pen.is_some_and(Pen::has_waiting)
    }

    /// Returns when the session is over if nothing more comes from it.
    pub(super) fn over_at(&self) -> Instant {
        let alive = self.join.expires.min(self.heard + limits::SILENCE_MAX);
        self.held_until().map_or(alive, |held| held.min(alive))
    }

    /// Returns when the patience with a consumer ends to which nothing is sent.
    pub(super) fn held_until(&self) -> Option<Instant> {
        match self.pace()? {
            Pace::Held { since, .. } => Some(since + limits::HELD_MAX),
            Pace::Tick | Pace::Wide => None,
        }
    }
}
