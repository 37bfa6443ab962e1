//! Refresh requests (RFC 8656 section 8).

use super::Relay;
use super::allocate::{granted, read_lifetime};
use crate::allocation::Relayed;
use crate::ask::{Ask, Fault, optional_family};
use crate::auth::Identity;
use crate::family::Family;
use std::time::{Duration, Instant};
use stun_types::message::Message;
use stun_types::prelude::*;
use turn_types::attribute::{Lifetime, RequestedAddressFamily};

impl Relay {
    pub(super) fn handle_refresh(
        &mut self,
        ask: &Ask,
        identity: &Identity,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        let slot = self.own_allocation(ask, identity)?;
        let kind = RequestedAddressFamily::TYPE;
        let family = match optional_family(message.as_bytes(), message, kind) {
            Err(Fault::Code(_)) if message.has_attribute(kind) => return Err(Fault::PEER_FAMILY),
            family => family?,
        };
        if family.is_some_and(|family| self.table.get(slot).port(family).is_none()) {
            return Err(Fault::PEER_FAMILY);
        }
        let wanted = read_lifetime(message)?;
        let lifetime = match wanted {
            Some(Duration::ZERO) => self.delete(slot, family, now),
            _ => self.prolong(slot, granted(wanted, identity), now),
        };
        let mut reply = ask.success();
        reply.add(&Lifetime::new(lifetime.as_secs() as u32));
        self.answer(ask, reply);
        Ok(())
    }

    /// Prolongs the allocation. Both families share one lifetime, so a refresh of one prolongs the
    /// other too.
    fn prolong(&mut self, slot: u32, lifetime: Duration, now: Instant) -> Duration {
        self.table.set_expiry(slot, now + lifetime);
        lifetime
    }

    /// Ends the allocation, or one of its two families.
    fn delete(&mut self, slot: u32, family: Option<Family>, now: Instant) -> Duration {
        let open = |relayed: &&Relayed| matches!(relayed, Relayed::Open(_));
        let count = self.table.get(slot).relayed.iter().filter(open).count();
        match family.filter(|_| count == 2) {
            Some(family) => self.close_family(slot, family),
            None => self.end(slot, now),
        }
        Duration::ZERO
    }

    fn close_family(&mut self, slot: u32, family: Family) {
        let id = self.table.id(slot);
        let allocation = self.table.get_mut(slot);
        let port = allocation.port(family);
        allocation.drop_family(family);
        if let Some(port) = port {
            self.close(id, family, port);
        }
    }
}
