//! The same requests to another server. The answers agree as far as both follow the RFCs.
//!
//! The other server has no policy, quota or hold; it lets a channel be bound again to another peer,
//! sends Binding answers to itself, and Data indications under another method. None of that is
//! tested here.

use crate::world::*;
use fmz_turn_core::StaticUser;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::net::SocketAddr;
use stun_types::AddressFamily::{self, IPV4, IPV6};
use stun_types::TransportType;
use stun_types::attribute::{PasswordAlgorithmValue, PasswordAlgorithms, RawAttribute};
use stun_types::prelude::*;
use turn_server_proto::api::{SocketAllocateError, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::agent::Transmit;
use turn_server_proto::types::Instant;
use turn_types::attribute::{
    AdditionalAddressFamily, ChannelNumber, DontFragment, Lifetime, RequestedAddressFamily,
    RequestedTransport,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

const CLIENTS: [&str; 2] = ["192.0.2.1:5000", "192.0.2.2:5001"];
const NAMES: [&str; 2] = ["ada", "eve"];
const PEERS: [&str; 4] = [
    "192.0.2.9:7000",
    "192.0.2.9:7001",
    "192.0.2.8:7000",
    "[2001:db8:1::9]:7000",
];

/// Codes of requests with two faults, ours first. Which fault is noticed first is the server's
/// choice.
const ORDERS: &[[u16; 2]] = &[
    // Unknown attribute (RFC 8489 section 6.3.1), beside another fault.
    [420, 400],
    [420, 437],
    [420, 441],
    // Another user's Allocate on a 5-tuple in use (RFC 8656 section 7.2, its second step).
    [437, 441],
    // A number out of range, for a peer of the other family.
    [400, 443],
];

/// The other server, with sockets that always open.
struct Other {
    server: TurnServer,
    listen: SocketAddr,
    port: u16,
    nanos: i64,
}

impl Other {
    fn new() -> Self {
        let listen = client(CLIENTS[0]).local;
        let mut server = TurnServer::new(TransportType::Udp, listen, "fmz".to_owned());
        for name in NAMES {
            server.add_user(name.to_owned(), "word".to_owned());
        }
        Self {
            server,
            listen,
            port: 50_000,
            nanos: 0,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.nanos)
    }

    /// Returns the data that leaves after a client sent something: from, to, bytes.
    fn send(
        &mut self,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.take(from, self.listen, bytes)
    }

    fn take(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        let now = self.now();
        let transmit = Transmit::new(bytes.to_vec(), TransportType::Udp, from, to);
        let built = self
            .server
            .recv(transmit, now)
            .map(|transmit| transmit.build());
        self.poll();
        let answer = built.or_else(|| self.server.poll_transmit(now));
        answer.map(|transmit| (transmit.from, transmit.to, transmit.data))
    }

    fn poll(&mut self) {
        let now = self.now();
        loop {
            match self.server.poll(now) {
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    self.port += 1;
                    let socket = Ok::<_, SocketAllocateError>(self.address(family));
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        socket,
                        now,
                    );
                }
                TurnServerPollRet::WaitUntil(_) => return,
                _ => {}
            }
        }
    }

    fn address(&self, family: AddressFamily) -> SocketAddr {
        let ip = if family == IPV4 { RELAY_V4 } else { RELAY_V6 };
        SocketAddr::new(ip.parse().unwrap(), self.port)
    }
}

/// Both servers, and the nonces that each gave to each client.
struct Pair {
    world: World,
    other: Other,
    nonces: [[Option<String>; 2]; 2],
    /// PASSWORD-ALGORITHMS that each server offers.
    offered: [Vec<PasswordAlgorithmValue>; 2],
    relayed: [[Option<SocketAddr>; 2]; 2],
}

/// A request: its kind, its client, and its fault.
#[derive(Debug, Clone, Copy)]
struct Plan {
    client: usize,
    name: usize,
    method: u8,
    variant: u8,
    peer: usize,
    number: u16,
    fault: u8,
}

fn plan() -> impl Strategy<Value = Plan> {
    let who = (0..2_usize, prop_oneof![6 => Just(0_usize), 1 => Just(1)]);
    (who, 0..9_u8, any::<u8>(), 0..PEERS.len(), 0..24_u8).prop_map(
        |((client, name), method, variant, peer, fault)| Plan {
            client,
            name,
            method,
            variant,
            peer,
            // Each peer has its own number, one of them out of range.
            number: 0x3fff + peer as u16,
            fault,
        },
    )
}

impl Pair {
    fn new() -> Self {
        let user = |name: &str| StaticUser {
            name: name.to_owned(),
            password: "word".to_owned(),
        };
        let mut config = config();
        config.users = NAMES.map(user).into();
        config.secrets.clear();
        config.quotas.user_new_peers_per_s = u32::MAX;
        Self {
            world: World::new(config),
            other: Other::new(),
            nonces: Default::default(),
            offered: Default::default(),
            relayed: Default::default(),
        }
    }

    fn run(&mut self, plan: Plan) {
        match plan.method {
            0..=5 => self.request(plan),
            6 => self.data(plan),
            7 => self.peer(plan),
            _ => self.pass(1 + u64::from(plan.variant) % 40),
        }
    }

    fn request(&mut self, plan: Plan) {
        let answers = [0, 1].map(|server| {
            let bytes = self.bytes(plan, server);
            let answer = self.deliver(plan, server, &bytes);
            if let Some(answer) = &answer {
                self.note(plan.client, server, answer);
            }
            answer
        });
        let [ours, theirs] = answers.map(|answer| answer.map(|answer| outcome(&answer)));
        let codes = [ours, theirs].map(|outcome| outcome.map_or(0, |(code, ..)| code));
        if !ORDERS.contains(&codes) {
            assert_eq!(ours, theirs, "{plan:?}");
        }
    }

    fn deliver(&mut self, plan: Plan, server: usize, bytes: &[u8]) -> Option<Answer> {
        let client = client(CLIENTS[plan.client]);
        if server == 0 {
            return self.world.send(client, bytes);
        }
        let (_, to, bytes) = self.other.send(client.address, bytes)?;
        assert_eq!(to, client.address);
        Some(Answer(bytes))
    }

    /// Keeps nonce and relayed address of an answer.
    fn note(&mut self, client: usize, server: usize, answer: &Answer) {
        if let Some(nonce) = nonce(answer) {
            self.nonces[server][client] = Some(nonce);
        }
        if let Ok(offered) = answer.message().attribute::<PasswordAlgorithms>() {
            self.offered[server] = offered.algorithms().to_vec();
        }
        let relayed = [0, 1].map(|nth| answer.relayed(nth));
        if let Some(relayed) = relayed.into_iter().flatten().min() {
            // The IPv4 address of the two.
            self.relayed[server][client] = Some(relayed);
        }
    }

    fn bytes(&self, plan: Plan, server: usize) -> Vec<u8> {
        let password = if plan.fault == 1 { "drow" } else { "word" };
        let mut user = User::named(NAMES[plan.name], password, CLIENTS[plan.client]);
        // Each request has a transaction of its own.
        user.skip(u128::from(self.world.relay.stats().bindings) + self.count());
        let nonce = self.nonces[server][plan.client].clone();
        user.nonce = nonce.filter(|_| plan.fault != 2);
        // The other server makes a client keep to one algorithm.
        user.sha256 = plan.client == 1;
        user.offered = self.offered[server].clone();
        let unknown = RawAttribute::new(0x7123.into(), &[1, 2, 3, 4]);
        let (method, attributes) = attributes(plan, &user);
        let mut attributes: Vec<&dyn AttributeWrite> = attributes.iter().map(|a| &**a).collect();
        if plan.fault == 5 {
            attributes.push(&unknown);
        }
        if plan.fault == 3 || self.nonces[server][plan.client].is_none() {
            return user.bare(method, &attributes);
        }
        user.request(method, &attributes)
    }

    fn count(&self) -> u128 {
        let stats = self.world.relay.stats();
        (stats.challenges + stats.errors + stats.allocations_made) as u128 * 1000
            + self.world.now.duration_since(self.world.start).as_millis()
    }

    /// Sends data of a client, in a channel or outside.
    fn data(&mut self, plan: Plan) {
        let user = User::named(NAMES[0], "word", CLIENTS[plan.client]);
        let bytes = if plan.variant.is_multiple_of(2) {
            send_indication(PEERS[plan.peer], b"data", &[])
        } else {
            channel_data(plan.number, b"data")
        };
        let ours = sent(
            self.world
                .relay
                .handle_datagram(user.client, &bytes, self.world.now),
        );
        let ours = ours.map(|sent| match sent {
            Sent::ToPeer(_, peer, payload, _) => (peer, payload),
            Sent::ToClient(..) => panic!("no two clients meet here"),
        });
        let theirs = self.other.send(user.client.address, &bytes);
        let theirs = theirs.map(|(_, to, payload)| (to, payload));
        assert_eq!(ours, theirs, "{plan:?}");
    }

    /// Sends data of a peer: both clients must receive it or neither, and both by the same channel
    /// or none.
    fn peer(&mut self, plan: Plan) {
        let relayed = [0, 1].map(|server| self.relayed[server][plan.client]);
        let [Some(our), Some(their)] = relayed else {
            return;
        };
        let ours = match self.world.peer_sends(our, PEERS[plan.peer], b"data") {
            Some(Sent::ToClient(_, bytes)) => Some(channel(&bytes)),
            Some(Sent::ToPeer(..)) => panic!("to the client"),
            None => None,
        };
        let theirs = self.other.take(addr(PEERS[plan.peer]), their, b"data");
        assert_eq!(
            ours,
            theirs.map(|(_, _, bytes)| channel(&bytes)),
            "{plan:?}"
        );
    }

    fn pass(&mut self, time: u64) {
        self.world.pass(seconds(time));
        self.other.nanos += time as i64 * 1_000_000_000;
        self.other.poll();
    }
}

fn channel(bytes: &[u8]) -> Option<u16> {
    let number = u16::from_be_bytes([bytes[0], bytes[1]]);
    (number >= 0x4000).then_some(number)
}

/// Returns code, number of relayed addresses, and lifetime.
fn outcome(answer: &Answer) -> (u16, usize, Option<u32>) {
    let relayed = [0, 1]
        .iter()
        .filter(|nth| answer.relayed(**nth).is_some())
        .count();
    let lifetime = answer.message().attribute::<Lifetime>().ok();
    (
        answer.code(),
        relayed,
        lifetime.map(|lifetime| lifetime.seconds()),
    )
}

type Attributes = Vec<Box<dyn AttributeWrite>>;

fn attributes(plan: Plan, user: &User) -> (stun_types::message::Method, Attributes) {
    let peer = Box::new(user.peer(PEERS[plan.peer]));
    match plan.method {
        0 => (ALLOCATE, allocate(plan.variant)),
        1 => (REFRESH, refresh(plan.variant)),
        2 | 3 => {
            let mut attributes: Attributes = vec![peer];
            match plan.variant % 8 {
                0 => attributes.clear(),
                // Of two families, the other server permits the first before it refuses the second.
                1 if plan.peer < 3 => attributes.push(Box::new(user.peer(PEERS[0]))),
                _ => {}
            }
            (CREATE_PERMISSION, attributes)
        }
        _ => {
            let number = Box::new(ChannelNumber::new(plan.number));
            let attributes: Attributes = match plan.variant % 8 {
                0 => vec![peer],
                1 => vec![number],
                _ => vec![number, peer],
            };
            (CHANNEL_BIND, attributes)
        }
    }
}

fn allocate(variant: u8) -> Attributes {
    let udp = Box::new(udp());
    match variant % 12 {
        0 => vec![],
        1 => vec![Box::new(RequestedTransport::new(99))],
        2 => vec![udp, Box::new(RequestedAddressFamily::new(IPV6))],
        3 => vec![udp, Box::new(RequestedAddressFamily::new(IPV4))],
        4 => vec![udp, Box::new(AdditionalAddressFamily::new(IPV6))],
        5 => vec![
            udp,
            Box::new(AdditionalAddressFamily::new(IPV6)),
            Box::new(RequestedAddressFamily::new(IPV4)),
        ],
        6 => vec![udp, Box::new(Lifetime::new(1200))],
        7 => vec![udp, Box::new(DontFragment::new())],
        _ => vec![udp],
    }
}

fn refresh(variant: u8) -> Attributes {
    match variant % 8 {
        0 => vec![Box::new(Lifetime::new(0))],
        1 => vec![Box::new(Lifetime::new(1200))],
        2 => vec![Box::new(Lifetime::new(3600))],
        _ => vec![],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(9), failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn turn2_turn6_turn9_another_server_answers_the_same(plans in proptest::collection::vec(plan(), 1..60)) {
        let mut pair = Pair::new();
        plans.into_iter().for_each(|plan| pair.run(plan));
    }
}
