//! The numbers by which a room and its surroundings name things to each other.

/// Number of a session, from 1, not used twice while the server runs. It is also its participant's
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// Tells a forwarding unit from the ones before it. Its transports are gone with it, so everything
/// that concerns another epoch is out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkEpoch(pub u32);

/// A session as messages of the room link number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkSession {
    /// The forwarding unit that the session has its transport on.
    pub epoch: LinkEpoch,
    /// The session.
    pub session: SessionId,
}

impl LinkSession {
    /// Returns the session that a number on the link stands for.
    pub fn from_number(number: u64) -> Self {
        Self {
            epoch: LinkEpoch((number >> 32) as u32),
            session: SessionId(number as u32),
        }
    }

    /// Returns the session's number on the link.
    pub fn number(self) -> u64 {
        u64::from(self.epoch.0) << 32 | u64::from(self.session.0)
    }
}

impl SessionId {
    /// Returns the session's number on the link to the forwarding unit of this epoch.
    pub fn on_link(self, epoch: LinkEpoch) -> u64 {
        let session = self;
        LinkSession { epoch, session }.number()
    }

    /// Returns the session that a number on the link stands for, unless it is of another epoch.
    pub fn from_link(number: u64, epoch: LinkEpoch) -> Option<Self> {
        let named = LinkSession::from_number(number);
        (named.epoch == epoch).then_some(named.session)
    }
}

/// Names one append; the answer brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppendToken(pub u64);

/// Names one command; the answer brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// Names one reading of an older state; the answer brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadToken(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link2_a_number_of_another_epoch_stands_for_no_session() {
        let (session, epoch) = (SessionId(7), LinkEpoch(3));
        let number = session.on_link(epoch);
        assert_eq!(number, 3 << 32 | 7);
        assert_eq!(SessionId::from_link(number, epoch), Some(session));
        assert_eq!(SessionId::from_link(number, LinkEpoch(4)), None);
        let last = SessionId(u32::MAX).on_link(LinkEpoch(u32::MAX));
        assert_eq!(last, u64::MAX, "no bit is left out");
    }
}
