//! Ports kept for the second allocation of a pair (RESERVATION-TOKEN, RFC 8656 section 18.9).

use crate::family::Family;
use crate::limits::{RESERVATION_LIFETIME, RESERVATIONS_MAX};
use std::collections::VecDeque;
use std::time::Instant;

/// A port that is kept until its allocation comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reservation {
    pub(crate) token: u64,
    pub(crate) family: Family,
    pub(crate) port: u16,
    pub(crate) user: usize,
    expires_at: Instant,
}

/// Reservations, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Reservations(VecDeque<Reservation>);

impl Reservations {
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= RESERVATIONS_MAX
    }

    pub(crate) fn keep(
        &mut self,
        token: u64,
        family: Family,
        port: u16,
        user: usize,
        now: Instant,
    ) {
        self.0.push_back(Reservation {
            token,
            family,
            port,
            user,
            expires_at: now + RESERVATION_LIFETIME,
        });
    }

    /// Takes out the reservation of this token, if this user made it.
    pub(crate) fn claim(&mut self, token: u64, user: usize, now: Instant) -> Option<Reservation> {
        let is =
            |kept: &Reservation| (kept.token, kept.user) == (token, user) && kept.expires_at > now;
        let position = self.0.iter().position(is)?;
        self.0.remove(position)
    }

    pub(crate) fn token_of(&self, family: Family, port: u16) -> Option<u64> {
        let is = |kept: &&Reservation| (kept.family, kept.port) == (family, port);
        self.0.iter().find(is).map(|kept| kept.token)
    }

    /// Takes out one reservation that has expired.
    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<Reservation> {
        self.0.front().filter(|kept| kept.expires_at <= now)?;
        self.0.pop_front()
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.0.front().map(|kept| kept.expires_at)
    }
}
