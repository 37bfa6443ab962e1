//! Results of opening sockets, after which Allocate is answered.

use super::Relay;
use crate::allocation::Relayed;
use crate::ask::{Ask, Fault};
use crate::client::AllocationId;
use crate::family::Family;
use crate::limits::OPENS_MAX;
use crate::output::{Answer, Event, OpenError};
use crate::ports::Parity;
use rand_chacha::rand_core::Rng;
use std::net::SocketAddr;
use std::time::Instant;
use stun_types::attribute::{ErrorCode, XorMappedAddress};
use turn_types::attribute::{AddressErrorCode, Lifetime, ReservationToken, XorRelayedAddress};

impl Relay {
    /// Takes the result of [`Event::Open`]. If the allocation has ended meanwhile, [`Event::Close`]
    /// follows.
    pub fn handle_opened(
        &mut self,
        allocation: AllocationId,
        relayed: SocketAddr,
        result: Result<(), OpenError>,
        now: Instant,
    ) {
        let family = Family::of(relayed.ip());
        let slot = self.table.resolve(allocation).filter(|slot| {
            self.table.get(*slot).relayed[family.index()] == Relayed::Opening(relayed.port())
        });
        match (slot, result) {
            (None, Ok(())) => self.events.push_back(Event::Close {
                allocation,
                relayed,
            }),
            (None, Err(_)) => {}
            (Some(slot), Ok(())) => {
                let port = relayed.port();
                self.table.get_mut(slot).relayed[family.index()] = Relayed::Open(port);
                self.finish(slot, now);
            }
            (Some(slot), Err(error)) => self.retry(slot, family, relayed.port(), error, now),
        }
    }

    /// Tries another port, or gives the family up.
    fn retry(&mut self, slot: u32, family: Family, port: u16, error: OpenError, now: Instant) {
        self.stats.opens_failed += 1;
        self.give_back(slot, family, port);
        let opening = self.table.get(slot).opening.as_ref();
        let again =
            opening.filter(|opening| opening.opens < OPENS_MAX && error == OpenError::InUse);
        let parity = again.map(|opening| opening.parity);
        let opened = parity.and_then(|parity| self.open(slot, family, parity).ok());
        if opened.is_none() {
            let code = ErrorCode::INSUFFICIENT_CAPACITY;
            self.table.get_mut(slot).relayed[family.index()] = Relayed::Refused(code);
            self.finish(slot, now);
        }
    }

    /// Frees a port, and the one kept beside it.
    fn give_back(&mut self, slot: u32, family: Family, port: u16) {
        self.ports.release(family, port);
        let opening = self.table.get(slot).opening.as_ref();
        if opening.is_some_and(|opening| opening.parity == Parity::Pair) {
            self.ports.release(family, port + 1);
        }
    }

    /// Answers the Allocate request once no socket is pending.
    fn finish(&mut self, slot: u32, now: Instant) {
        let allocation = self.table.get_mut(slot);
        if allocation
            .relayed
            .iter()
            .any(|relayed| matches!(relayed, Relayed::Opening(_)))
        {
            return;
        }
        let Some(opening) = allocation.opening.take() else {
            debug_assert!(false, "an allocation is answered once");
            return;
        };
        if !allocation
            .relayed
            .iter()
            .any(|relayed| matches!(relayed, Relayed::Open(_)))
        {
            self.refuse(&opening.ask, &Fault::CAPACITY);
            return self.end(slot, now);
        }
        let expires_at = now + allocation.lifetime;
        self.table.set_expiry(slot, expires_at);
        if opening.parity == Parity::Pair {
            self.reserve(slot, now);
        }
        self.answer_allocated(&opening.ask, slot);
    }

    /// Keeps the port above for the second allocation of the pair.
    fn reserve(&mut self, slot: u32, now: Instant) {
        let user = self.table.get(slot).user;
        for family in Family::BOTH {
            if let Some(port) = self.table.get(slot).port(family) {
                let token = self.rng.next_u64();
                self.reservations.keep(token, family, port + 1, user, now);
            }
        }
    }

    /// Returns the token of the port above, while it is kept.
    fn token(&self, slot: u32) -> Option<u64> {
        let allocation = self.table.get(slot);
        let ports =
            Family::BOTH.map(|family| Some((family, allocation.port(family)?.checked_add(1)?)));
        ports
            .into_iter()
            .flatten()
            .find_map(|(family, port)| self.reservations.token_of(family, port))
    }

    pub(super) fn answer_allocated(&mut self, ask: &Ask, slot: u32) {
        let mut reply = ask.success();
        for family in Family::BOTH {
            if let Some(relayed) = self.announced(slot, family) {
                reply.add(&XorRelayedAddress::new(relayed, ask.transaction));
            }
        }
        let allocation = self.table.get(slot);
        reply.add(&Lifetime::new(allocation.lifetime.as_secs() as u32));
        reply.add(&XorMappedAddress::new(ask.client.address, ask.transaction));
        if let Some(token) = self.token(slot) {
            reply.add(&ReservationToken::new(token));
        }
        for family in Family::BOTH {
            if let Relayed::Refused(code) = allocation.relayed[family.index()] {
                let error = ErrorCode::new(code, "").expect("a code between 300 and 699");
                reply.add(&AddressErrorCode::new(family.into(), error));
            }
        }
        self.transmit(ask.client, ask.seal(reply), Some(Answer::Allocated));
    }
}
