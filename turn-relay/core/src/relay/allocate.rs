//! Allocate requests (RFC 8656 section 7.2).

use super::Relay;
use crate::allocation::{Allocation, Opening, Relayed};
use crate::ask::{Ask, Fault, optional, optional_family, value};
use crate::auth::Identity;
use crate::family::Family;
use crate::limits::{EVENTS_MAX, LIFETIME_DEFAULT, LIFETIME_MAX, OPEN_TIME_MAX};
use crate::output::Event;
use crate::ports::Parity;
use std::time::{Duration, Instant};
use stun_types::message::Message;
use stun_types::prelude::*;
use turn_types::attribute::{
    AdditionalAddressFamily, DontFragment, EvenPort, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken,
};

/// The options of an Allocate request.
#[derive(Debug)]
struct Wanted {
    family: Family,
    /// IPv6 besides IPv4.
    additional: bool,
    parity: Parity,
    token: Option<u64>,
    dont_fragment: bool,
    lifetime: Option<Duration>,
}

impl Wanted {
    fn read(message: &Message<'_>) -> Result<Self, Fault> {
        let bytes = message.as_bytes();
        let transport: Option<RequestedTransport> = optional(message)?;
        if transport.ok_or(Fault::BAD_REQUEST)?.protocol() != RequestedTransport::UDP {
            return Err(Fault::TRANSPORT);
        }
        let even: Option<EvenPort> = optional(message)?;
        let token: Option<ReservationToken> = optional(message)?;
        let family = optional_family(bytes, message, RequestedAddressFamily::TYPE)?;
        let additional = match value(bytes, message, AdditionalAddressFamily::TYPE) {
            None => false,
            Some([2, _, _, _]) => true,
            Some(_) => return Err(Fault::BAD_REQUEST),
        };
        let pair = even.as_ref().is_some_and(EvenPort::requested);
        let contradicts = token.is_some() && (even.is_some() || family.is_some() || additional)
            || additional && (family.is_some() || pair);
        if contradicts {
            return Err(Fault::BAD_REQUEST);
        }
        Ok(Self {
            family: family.unwrap_or(Family::V4),
            additional,
            parity: match even {
                None => Parity::Any,
                Some(_) if pair => Parity::Pair,
                Some(_) => Parity::Even,
            },
            token: token.map(|token| token.token()),
            dont_fragment: message.has_attribute(DontFragment::TYPE),
            lifetime: read_lifetime(message)?,
        })
    }
}

/// Reads LIFETIME, if the request has one.
pub(super) fn read_lifetime(message: &Message<'_>) -> Result<Option<Duration>, Fault> {
    let lifetime: Option<Lifetime> = optional(message)?;
    Ok(lifetime.map(|lifetime| Duration::from_secs(lifetime.seconds().into())))
}

/// Returns the lifetime that is granted: at least 600 s, at most an hour, and at most 600 s, the
/// time of one refresh, beyond the credential.
pub(super) fn granted(wanted: Option<Duration>, identity: &Identity) -> Duration {
    let lifetime = wanted
        .unwrap_or(LIFETIME_DEFAULT)
        .clamp(LIFETIME_DEFAULT, LIFETIME_MAX);
    let most = identity
        .remaining
        .map(|remaining| remaining + LIFETIME_DEFAULT);
    let lifetime = most.map_or(lifetime, |most| lifetime.min(most));
    Duration::from_secs(lifetime.as_secs())
}

impl Relay {
    pub(super) fn handle_allocate(
        &mut self,
        ask: &Ask,
        identity: Identity,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        if let Some(slot) = self.table.find(&ask.client) {
            return self.allocate_again(ask, &identity, slot);
        }
        let wanted = Wanted::read(message)?;
        self.redirect(ask)?;
        self.check_room(&identity)?;
        self.allocate(ask, identity, &wanted, now)
    }

    /// Answers a repeated request once more. Any other request finds the 5-tuple in use.
    fn allocate_again(&mut self, ask: &Ask, identity: &Identity, slot: u32) -> Result<(), Fault> {
        let allocation = self.table.get(slot);
        let same = allocation.transaction == ask.transaction
            && *self.users.get(allocation.user).name == *identity.user();
        if !same {
            return Err(Fault::MISMATCH);
        }
        if allocation.opening.is_none() {
            self.answer_allocated(ask, slot);
        }
        Ok(())
    }

    /// Sends new clients elsewhere, if an alternate is set or the relay is draining.
    fn redirect(&self, ask: &Ask) -> Result<(), Fault> {
        let draining = self.drain.as_ref();
        let alternate = draining
            .and_then(|drain| drain.alternate)
            .or(self.config.alternate);
        let same_family = |address: &std::net::SocketAddr| {
            address.is_ipv4() == ask.client.address.is_ipv4() && *address != ask.client.local
        };
        match alternate.filter(same_family) {
            Some(alternate) => Err(Fault::Alternate(alternate)),
            None if draining.is_some() => Err(Fault::CAPACITY),
            None => Ok(()),
        }
    }

    fn check_room(&self, identity: &Identity) -> Result<(), Fault> {
        let quotas = &self.config.quotas;
        if self.users.allocations_of(identity.user()) >= quotas.user_allocations {
            return Err(Fault::QUOTA);
        }
        if self.table.len() >= quotas.allocations as usize || self.events.len() >= EVENTS_MAX {
            return Err(Fault::CAPACITY);
        }
        Ok(())
    }

    fn allocate(
        &mut self,
        ask: &Ask,
        identity: Identity,
        wanted: &Wanted,
        now: Instant,
    ) -> Result<(), Fault> {
        let lifetime = granted(wanted.lifetime, &identity);
        let user = self.users.enter(identity.user(), &self.config.quotas, now);
        self.auth.learn_name(&identity.username);
        let mut allocation = Allocation::new(*ask, user, identity.username, lifetime, now);
        allocation.opening = Some(Box::new(Opening {
            ask: *ask,
            parity: wanted.parity,
            dont_fragment: wanted.dont_fragment,
            opens: 0,
        }));
        let id = self.table.insert(allocation);
        self.table
            .set_expiry(id.slot, now + OPEN_TIME_MAX.min(lifetime));
        self.stats.allocations_made += 1;
        self.count();
        let placed = match wanted.token {
            Some(token) => self.place_reserved(id.slot, token, now),
            None => self.place(id.slot, wanted),
        };
        if let Err(fault) = placed {
            self.end(id.slot, now);
            return Err(fault);
        }
        tracing::debug!(slot = id.slot, "allocation asked for");
        Ok(())
    }

    /// Takes a port for each family that was asked for. Of two families, one is enough (RFC 8656
    /// section 7.2).
    fn place(&mut self, slot: u32, wanted: &Wanted) -> Result<(), Fault> {
        let first = self.open(slot, wanted.family, wanted.parity);
        if !wanted.additional {
            return first;
        }
        let second = self.open(slot, Family::V6, wanted.parity);
        for (family, outcome) in [(Family::V4, &first), (Family::V6, &second)] {
            if let Err(fault) = outcome {
                self.table.get_mut(slot).relayed[family.index()] = Relayed::Refused(fault.code());
            }
        }
        first.or(second)
    }

    fn place_reserved(&mut self, slot: u32, token: u64, now: Instant) -> Result<(), Fault> {
        let user = self.table.get(slot).user;
        let kept = self
            .reservations
            .claim(token, user, now)
            .ok_or(Fault::CAPACITY)?;
        self.ports.claim(kept.family, kept.port, slot);
        self.ask_open(slot, kept.family, kept.port);
        Ok(())
    }

    /// Takes a port and asks for its socket.
    ///
    /// # Errors
    /// 440 if there is no address of the family, 508 if no port is free.
    pub(super) fn open(&mut self, slot: u32, family: Family, parity: Parity) -> Result<(), Fault> {
        self.bound(family, 0).ok_or(Fault::FAMILY)?;
        if parity == Parity::Pair && self.reservations.is_full() {
            return Err(Fault::CAPACITY);
        }
        let port = self.ports.take(family, parity, slot, &mut self.rng);
        let port = port.ok_or(Fault::CAPACITY)?;
        self.ask_open(slot, family, port);
        Ok(())
    }

    fn ask_open(&mut self, slot: u32, family: Family, port: u16) {
        let allocation = self.table.get_mut(slot);
        allocation.relayed[family.index()] = Relayed::Opening(port);
        let mut dont_fragment = false;
        if let Some(opening) = &mut allocation.opening {
            opening.opens += 1;
            dont_fragment = opening.dont_fragment;
        }
        let allocation = self.table.id(slot);
        if let Some(relayed) = self.bound(family, port) {
            self.events.push_back(Event::Open {
                allocation,
                relayed,
                dont_fragment,
            });
        }
    }
}
