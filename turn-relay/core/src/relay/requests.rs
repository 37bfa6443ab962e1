//! STUN messages from clients: reading, authentication, dispatch.

use super::Relay;
use crate::ask::{Ask, Fault, unknown};
use crate::auth::Identity;
use crate::client::Client;
use crate::output::Forward;
use std::time::Instant;
use stun_types::attribute::{
    Nonce, PasswordAlgorithmValue, PasswordAlgorithms, Realm, XorMappedAddress,
};
use stun_types::message::{BINDING, Message, MessageClass};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

/// Bytes of a STUN header.
const HEADER: usize = 20;

impl Relay {
    /// Takes a whole datagram, or one message of a stream. Data is forwarded at once; answers wait
    /// in [`Self::poll_transmit`].
    pub fn handle_datagram<'a>(
        &mut self,
        client: Client,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        match payload.first() {
            Some(0x40..=0x7f) => self.handle_channel_data(client, payload, now),
            _ => self.handle_message(client, payload, now),
        }
    }

    fn handle_message<'a>(
        &mut self,
        client: Client,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let Some(message) = read(payload) else {
            self.stats.malformed += 1;
            self.close_client(client);
            return None;
        };
        match (message.class(), message.method()) {
            (MessageClass::Request, BINDING) => self.handle_binding(client, &message, now),
            (MessageClass::Request, ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND) => {
                self.handle_request(client, &message, now)
            }
            (MessageClass::Indication, SEND) => {
                return self.handle_send(client, &message, payload, now);
            }
            // RFC 8489 section 6.3: other methods and classes are ignored.
            _ => {}
        }
        None
    }

    fn handle_binding(&mut self, client: Client, message: &Message<'_>, now: Instant) {
        if !self.may_reply(client, now) {
            return;
        }
        let ask = Ask::new(client, message);
        let unknown = unknown(message);
        if !unknown.is_empty() {
            return self.refuse(&ask, &Fault::Unknown(unknown));
        }
        self.stats.bindings += 1;
        let mut reply = ask.success();
        reply.add(&XorMappedAddress::new(client.address, ask.transaction));
        self.answer(&ask, reply);
    }

    fn handle_request(&mut self, client: Client, message: &Message<'_>, now: Instant) {
        let mut ask = Ask::new(client, message);
        let unix = self.unix(now);
        let identity = self
            .auth
            .authenticate(&mut ask, message, &self.nonces, unix, now);
        let identity = match identity {
            Ok(identity) => identity,
            Err(fault) => return self.challenge(&ask, &fault, now),
        };
        let unknown = unknown(message);
        let outcome = if unknown.is_empty() {
            self.dispatch(&ask, identity, message, now)
        } else {
            Err(Fault::Unknown(unknown))
        };
        if let Err(fault) = outcome {
            tracing::debug!(
                code = fault.code(),
                method = ask.method.value(),
                "request refused"
            );
            self.refuse(&ask, &fault);
        }
    }

    fn dispatch(
        &mut self,
        ask: &Ask,
        identity: Identity,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        match ask.method {
            ALLOCATE => self.handle_allocate(ask, identity, message, now),
            REFRESH => self.handle_refresh(ask, &identity, message, now),
            CREATE_PERMISSION => self.handle_create_permission(ask, &identity, message, now),
            _ => self.handle_channel_bind(ask, &identity, message, now),
        }
    }

    /// Answers an unauthenticated request. 401 and 438 carry the values that the client needs for
    /// its next try.
    fn challenge(&mut self, ask: &Ask, fault: &Fault, now: Instant) {
        if !self.may_reply(ask.client, now) {
            return;
        }
        if *fault == Fault::BAD_REQUEST {
            return self.refuse(ask, fault);
        }
        self.stats.challenges += 1;
        let nonce = self.nonces.make(&ask.client, &mut self.rng, now);
        let mut reply = ask.error(fault);
        if let Ok(realm) = Realm::new(self.auth.realm()) {
            reply.add(&realm);
        }
        reply.add(&Nonce::new(&nonce).expect("a nonce is short"));
        reply.add(&PasswordAlgorithms::new(&[
            PasswordAlgorithmValue::SHA256,
            PasswordAlgorithmValue::MD5,
        ]));
        self.answer_refused(ask, fault, reply);
    }

    /// Returns whether an unauthenticated request may be answered. A connection proves its source
    /// address; the answer to a datagram may go to a forged one.
    fn may_reply(&mut self, client: Client, now: Instant) -> bool {
        let per_s = self.config.quotas.replies_per_s;
        let may = client.protocol.is_stream() || self.replies.take(client.address.ip(), per_s, now);
        self.stats.replies_withheld += u64::from(!may);
        may
    }

    /// Returns the client's allocation, if it is this user's.
    pub(super) fn own_allocation(&self, ask: &Ask, identity: &Identity) -> Result<u32, Fault> {
        let slot = self.table.find(&ask.client).ok_or(Fault::MISMATCH)?;
        let allocation = self.table.get(slot);
        if *self.users.get(allocation.user).name != *identity.user() {
            return Err(Fault::WRONG_CREDENTIALS);
        }
        if allocation.opening.is_some() {
            return Err(Fault::MISMATCH);
        }
        Ok(slot)
    }
}

/// Reads a message whose length is the one that it states.
fn read(payload: &[u8]) -> Option<Message<'_>> {
    let length = payload.get(2..4)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let whole = length.is_multiple_of(4) && payload.len() == HEADER + length;
    whole.then(|| Message::from_bytes(payload).ok()).flatten()
}
