//! Ends of allocations: by time, by command, with their connection.

use super::Relay;
use crate::allocation::{Allocation, Relayed};
use crate::ask::Fault;
use crate::client::{AllocationId, Client};
use crate::family::Family;
use crate::output::{Command, Event};
use crate::ports::Parity;
use std::net::SocketAddr;
use std::time::Instant;

/// A drain: the relay takes no new allocations.
#[derive(Debug)]
pub(super) struct Drain {
    pub(super) alternate: Option<SocketAddr>,
    deadline: Instant,
    told: bool,
}

impl Drain {
    /// Returns when the remaining allocations end; `None` if there are none.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.told).then_some(self.deadline)
    }
}

impl Relay {
    /// Handles the end of a client's connection, which ends its allocation.
    pub fn handle_closed(&mut self, client: Client, now: Instant) {
        if let Some(slot) = self.table.find(&client) {
            self.end(slot, now);
        }
    }

    /// Carries out an operator's command.
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Revoke { user } => self.revoke(&user, now),
            Command::Kick { allocation } => {
                if let Some(slot) = self.table.resolve(allocation) {
                    self.kick(slot, now);
                }
            }
            Command::Drain {
                alternate,
                deadline,
            } => {
                self.drain = Some(Drain {
                    alternate,
                    deadline,
                    told: false,
                });
                self.tell_drained();
            }
        }
    }

    fn revoke(&mut self, user: &str, now: Instant) {
        let unix = self.unix(now);
        self.stats.revocations_forgotten += self.auth.revoke(user, unix);
        if let Some(key) = self.users.find(user) {
            let allocations = self.table.iter();
            let theirs = allocations.filter(|(_, allocation)| allocation.user == key);
            let slots: Vec<u32> = theirs.map(|(id, _)| id.slot).collect();
            slots.into_iter().for_each(|slot| self.kick(slot, now));
        }
    }

    /// Does whatever is due. Call it at the time of [`Self::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(slot) = self.table.next_expired(now) {
            self.expire(slot, now);
        }
        while let Some(kept) = self.reservations.pop_expired(now) {
            self.ports.release(kept.family, kept.port);
        }
        let deadline = self.drain.as_ref().and_then(Drain::deadline);
        if deadline.is_some_and(|deadline| deadline <= now) {
            let slots: Vec<u32> = self.table.iter().map(|(id, _)| id.slot).collect();
            slots.into_iter().for_each(|slot| self.kick(slot, now));
            self.tell_drained();
        }
    }

    fn expire(&mut self, slot: u32, now: Instant) {
        let opening = self.table.get(slot).opening.as_ref();
        if let Some(ask) = opening.map(|opening| opening.ask) {
            self.refuse(&ask, &Fault::CAPACITY);
        }
        self.end(slot, now);
    }

    /// Ends an allocation, and the connection on which it was made.
    fn kick(&mut self, slot: u32, now: Instant) {
        let client = self.table.get(slot).client;
        self.close_client(client);
        self.end(slot, now);
    }

    /// Ends an allocation: closes its sockets and frees its ports.
    pub(super) fn end(&mut self, slot: u32, now: Instant) {
        let id = self.table.id(slot);
        let Some(allocation) = self.table.remove(slot) else {
            debug_assert!(false, "only an allocation that is there ends");
            return;
        };
        for family in Family::BOTH {
            self.free(id, &allocation, family);
        }
        self.auth.forget_name(&allocation.username);
        self.users.leave(allocation.user, now);
        self.stats.allocations_ended += 1;
        self.count();
        self.tell_drained();
        tracing::debug!(slot, "allocation ended");
    }

    /// Gives up a relayed address. A socket that is still being opened is closed once it is open.
    fn free(&mut self, id: AllocationId, allocation: &Allocation, family: Family) {
        match allocation.relayed[family.index()] {
            Relayed::Open(port) => self.close(id, family, port),
            Relayed::Opening(port) => {
                self.ports.release(family, port);
                let opening = allocation.opening.as_ref();
                if opening.is_some_and(|opening| opening.parity == Parity::Pair) {
                    self.ports.release(family, port + 1);
                }
            }
            Relayed::None | Relayed::Refused(_) => {}
        }
    }

    /// Frees the port of an open socket, and asks for the socket to be closed.
    pub(super) fn close(&mut self, allocation: AllocationId, family: Family, port: u16) {
        self.ports.release(family, port);
        if let Some(relayed) = self.bound(family, port) {
            self.events.push_back(Event::Close {
                allocation,
                relayed,
            });
        }
    }

    fn tell_drained(&mut self) {
        let Some(drain) = self.drain.as_mut().filter(|drain| !drain.told) else {
            return;
        };
        if self.table.len() == 0 {
            drain.told = true;
            self.events.push_back(Event::Drained);
        }
    }
}
