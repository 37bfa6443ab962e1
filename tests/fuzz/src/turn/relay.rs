//! A relay under any sequence of requests, data, commands, reloads and times, with a model of the
//! permissions.

use super::speaker::{Speaker, addr, code};
use super::{NAMES, config};
use crate::input::Input;
use fmz_turn_core::{
    AllocationId, Client, Command, Config, Event, Forward, Icmp, OpenError, Relay,
};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use stun_types::message::{Message, MessageClass, MessageType, MessageWriteVec};
use stun_types::prelude::*;
use turn_types::attribute::{
    ChannelNumber, Data, EvenPort, Lifetime, RequestedTransport, XorPeerAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

const PEERS: [&str; 6] = [
    "192.0.2.9:7000",
    "192.0.2.9:7001",
    "192.0.2.8:7000",
    "192.0.2.7:7000",
    "192.0.2.6:7000",
    "10.0.0.1:7000",
];

/// Runs a plan. No datagram may pass without a valid permission, no state may arise without
/// credentials, every bound must hold, and every socket must be closed in the end.
pub(crate) fn run(data: &[u8]) {
    let mut world = World::new();
    let mut input = Input::new(data);
    while !input.is_empty() {
        world.step(&mut input);
        world.check();
    }
    world.finish();
}

struct World {
    relay: Relay,
    config: Config,
    now: Instant,
    speakers: Vec<Speaker>,
    /// Latest end of each permission of each client.
    permissions: HashMap<Client, BTreeMap<IpAddr, Instant>>,
    sockets: HashMap<SocketAddr, AllocationId>,
    drained: bool,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let (config, unix) = (config(), Duration::from_secs(1_700_000_000));
        let names = [NAMES[0], NAMES[0], NAMES[0], NAMES[1], NAMES[2]];
        let speakers = names
            .iter()
            .zip(1..)
            .map(|(name, port)| Speaker::new(name, port));
        Self {
            relay: Relay::new(config.clone(), [2; 32], now, unix),
            config,
            now,
            speakers: speakers.collect(),
            permissions: HashMap::new(),
            sockets: HashMap::new(),
            drained: false,
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let who = usize::from(input.below(5));
        match input.below(16) {
            0 | 1 => self.allocate(who, input),
            2 => self.refresh(who, input),
            3 | 4 => self.permit(who, input),
            5 | 6 => self.bind(who, input),
            7 => self.send(who, input),
            8 => self.channel(who, input),
            9 | 10 => self.peer(input),
            11 => self.pass(input),
            12 => self.raw(who, input),
            13 => self.reload(input),
            14 => self.command(who, input),
            _ => self
                .relay
                .handle_closed(self.speakers[who].client, self.now),
        }
        self.settle(input);
    }

    fn ask(
        &mut self,
        who: usize,
        method: stun_types::message::Method,
        peers: &[SocketAddr],
        more: Option<&dyn AttributeWrite>,
    ) -> Option<u16> {
        self.speakers[who].ask(&mut self.relay, self.now, method, peers, more)
    }

    fn allocate(&mut self, who: usize, input: &mut Input<'_>) {
        let udp = RequestedTransport::new(RequestedTransport::UDP);
        let pair = EvenPort::new(true);
        // The attribute EVEN-PORT in place of the transport makes a bad request.
        let more: &dyn AttributeWrite = if input.below(8) == 0 { &pair } else { &udp };
        self.ask(who, ALLOCATE, &[], Some(more));
    }

    fn refresh(&mut self, who: usize, input: &mut Input<'_>) {
        let lifetime = Lifetime::new(if input.flag() { 0 } else { 3600 });
        self.ask(who, REFRESH, &[], Some(&lifetime));
    }

    /// Chooses a peer outside, or another client's relayed address.
    fn choose(&self, input: &mut Input<'_>) -> SocketAddr {
        let choice = usize::from(input.below(10));
        let own = || SocketAddr::new(self.config.relayed[0].announced, 50_000 + choice as u16 - 6);
        PEERS.get(choice).map_or_else(own, |peer| addr(peer))
    }

    fn permit(&mut self, who: usize, input: &mut Input<'_>) {
        let peers = [self.choose(input), self.choose(input)];
        if self.ask(who, CREATE_PERMISSION, &peers, None) == Some(0) {
            peers.iter().for_each(|peer| self.permitted(who, peer.ip()));
        }
    }

    fn bind(&mut self, who: usize, input: &mut Input<'_>) {
        let peer = self.choose(input);
        let number = ChannelNumber::new(0x3fff + u16::from(input.below(4)));
        if self.ask(who, CHANNEL_BIND, &[peer], Some(&number)) == Some(0) {
            self.permitted(who, peer.ip());
        }
    }

    fn permitted(&mut self, who: usize, ip: IpAddr) {
        let client = self.speakers[who].client;
        let ends = self.now + Duration::from_secs(300);
        let permissions = self.permissions.entry(client).or_default();
        permissions.retain(|_, ends| *ends > self.now);
        permissions.insert(ip, ends);
        assert!(permissions.len() <= self.config.quotas.permissions as usize);
    }

    fn send(&mut self, who: usize, input: &mut Input<'_>) {
        let peer = self.choose(input);
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let mut indication = Message::builder(kind, 7.into(), MessageWriteVec::new());
        let attributes: [&dyn AttributeWrite; 2] = [
            &XorPeerAddress::new(peer, 7.into()),
            &Data::new(input.block()),
        ];
        for attribute in attributes {
            indication
                .add_attribute(attribute)
                .expect("an indication has room");
        }
        self.deliver(who, &indication.finish());
    }

    fn channel(&mut self, who: usize, input: &mut Input<'_>) {
        let number = 0x3fff + u16::from(input.below(4));
        let data = input.block();
        let length = data.len() as u16;
        let bytes = [&number.to_be_bytes()[..], &length.to_be_bytes(), data].concat();
        self.deliver(who, &bytes);
    }

    /// Sends bytes without credentials.
    fn raw(&mut self, who: usize, input: &mut Input<'_>) {
        let before = self.relay.stats().allocations_made;
        self.deliver(who, input.block());
        assert_eq!(self.relay.stats().allocations_made, before);
    }

    fn deliver(&mut self, who: usize, bytes: &[u8]) {
        let client = self.speakers[who].client;
        let forward = self.relay.handle_datagram(client, bytes, self.now);
        let now = self.now;
        let may = |client: &Client, ip: &IpAddr| {
            let permissions = self.permissions.get(client);
            permissions
                .and_then(|all| all.get(ip))
                .is_some_and(|ends| *ends > now)
        };
        match forward {
            None => {}
            Some(Forward::ToPeer { relayed, peer, .. }) => {
                assert!(self.sockets.contains_key(&relayed));
                assert!(
                    may(&client, &peer.ip()),
                    "{client:?} has not permitted {peer}"
                );
                assert!(
                    peer.ip() != self.config.relayed[0].bind,
                    "own addresses need no socket"
                );
            }
            Some(Forward::ToClient { client: to, .. }) => {
                let own = self.config.relayed[0].announced;
                assert!(may(&client, &own) && may(&to, &own));
            }
        }
    }

    fn peer(&mut self, input: &mut Input<'_>) {
        let (peer, port) = (self.choose(input), 50_000 + u16::from(input.below(5)));
        let relayed = SocketAddr::new(self.config.relayed[0].bind, port);
        let data = input.block();
        let Some(forward) = self.relay.handle_peer(relayed, peer, data, self.now) else {
            return;
        };
        let Forward::ToClient {
            client, payload, ..
        } = forward
        else {
            panic!("what a peer sends is for a client");
        };
        assert_eq!(payload, data);
        let ends = self
            .permissions
            .get(&client)
            .and_then(|all| all.get(&peer.ip()));
        assert!(
            ends.is_some_and(|ends| *ends > self.now),
            "{client:?} has not permitted {peer}"
        );
        assert!(self.sockets.contains_key(&relayed));
    }

    fn pass(&mut self, input: &mut Input<'_>) {
        let time = [1, 29, 100, 299, 300, 601, 900, 3601][usize::from(input.below(8))];
        let end = self.now + Duration::from_secs(time);
        while let Some(due) = self.relay.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.relay.handle_timeout(self.now);
            let next = self.relay.poll_timeout();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a time is dealt with once"
            );
            self.settle(input);
        }
        self.now = end;
    }

    /// Switches between two policies; the second allows one peer only.
    fn reload(&mut self, input: &mut Input<'_>) {
        let mut new = config();
        if input.flag() {
            new.policy.platform = vec![addr(PEERS[0]).into()];
        }
        let own = self.config.relayed[0].announced;
        for permissions in self.permissions.values_mut() {
            permissions.retain(|ip, _| {
                *ip == own
                    || new
                        .policy
                        .platform
                        .iter()
                        .any(|rule| rule.net.contains(*ip))
            });
        }
        self.relay.set_config(new.clone(), self.now);
        self.config = new;
    }

    fn command(&mut self, who: usize, input: &mut Input<'_>) {
        let session = self
            .relay
            .sessions()
            .nth(who)
            .map(|session| session.allocation);
        let icmp = Icmp {
            kind: input.byte(),
            code: input.byte(),
            data: 0,
        };
        match (input.below(8), session) {
            (0, _) => {
                let user = self.speakers[who].name.to_owned();
                self.relay
                    .handle_command(Command::Revoke { user }, self.now);
            }
            (1, _) => {
                let deadline = self.now + Duration::from_secs(100);
                let alternate = Some(addr("192.0.2.200:3478"));
                let drain = Command::Drain {
                    alternate,
                    deadline,
                };
                self.relay.handle_command(drain, self.now);
            }
            (2 | 3, Some(allocation)) => {
                self.relay
                    .handle_command(Command::Kick { allocation }, self.now);
            }
            (_, Some(allocation)) => {
                let peer = self.choose(input);
                self.relay.handle_icmp(allocation, peer, icmp, self.now);
            }
            (_, None) => {}
        }
    }

    /// Carries out the relay's events; a socket sometimes fails to open.
    fn settle(&mut self, input: &mut Input<'_>) {
        while let Some(event) = self.relay.poll_event() {
            match event {
                Event::Open {
                    allocation,
                    relayed,
                    ..
                } => {
                    let result = match input.byte() {
                        250..=255 => Err(OpenError::InUse),
                        240..=249 => Err(OpenError::Failed),
                        _ => Ok(()),
                    };
                    if result.is_ok() {
                        let other = self.sockets.insert(relayed, allocation);
                        assert_eq!(other, None, "two sockets on one port");
                    }
                    self.relay
                        .handle_opened(allocation, relayed, result, self.now);
                }
                Event::Close {
                    allocation,
                    relayed,
                } => {
                    assert_eq!(self.sockets.remove(&relayed), Some(allocation));
                }
                Event::CloseClient { client } => assert!(client.protocol.is_stream()),
                Event::Drained => self.drained = true,
            }
        }
        while let Some(answer) = self.relay.poll_transmit() {
            let message = Message::from_bytes(&answer.payload).expect("the relay writes STUN");
            assert!(message.has_class(MessageClass::Indication) || code(&message) < 700);
        }
    }

    fn check(&mut self) {
        let mut of_user = HashMap::new();
        for session in self.relay.sessions() {
            *of_user.entry(session.user).or_insert(0) += 1;
            assert!(session.channels <= self.config.quotas.channels as usize);
            assert!(session.permissions <= self.config.quotas.permissions as usize);
            let relayed = session.relayed[0].expect("its socket is open");
            assert_eq!(self.sockets.get(&relayed), Some(&session.allocation));
        }
        assert!(
            of_user
                .values()
                .all(|count| *count <= self.config.quotas.user_allocations)
        );
        let count = self.relay.sessions().count();
        assert_eq!(self.relay.stats().allocations, count as u64);
        assert_eq!(self.relay.stats().users, of_user.len() as u64);
        assert_eq!(self.sockets.len(), count);
        let clients: Vec<Client> = self
            .relay
            .sessions()
            .map(|session| session.client)
            .collect();
        self.permissions
            .retain(|client, _| clients.contains(client));
    }

    /// Drains the relay, after which nothing may be left.
    fn finish(&mut self) {
        self.drained = false;
        let drain = Command::Drain {
            alternate: None,
            deadline: self.now,
        };
        self.relay.handle_command(drain, self.now);
        self.relay.handle_timeout(self.now);
        self.settle(&mut Input::new(&[]));
        assert!(self.drained && self.sockets.is_empty());
        assert_eq!(self.relay.stats().allocations, 0);
    }
}
