//! Permissions, channels and lifetimes against a model that keeps only times.

use crate::world::*;
use fmz_turn_core::{Config, Protocol};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

const PERMISSIONS: usize = 3;
const CHANNELS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Allocate(usize),
    Refresh(usize, u32),
    Permit(usize, usize),
    Bind(usize, u16, usize),
    Send(usize, usize),
    Channel(usize, u16),
    Peer(usize, usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (user, peer, number) = (0..2_usize, 0..8_usize, 0x4000..0x4004_u16);
    let lifetime = prop_oneof![Just(0_u32), Just(600), Just(1800), Just(9999)];
    let pass = prop_oneof![
        0..20_u64,
        Just(299),
        Just(300),
        Just(301),
        Just(600),
        Just(899)
    ];
    let step = prop_oneof![
        2 => user.clone().prop_map(Step::Allocate),
        1 => (user.clone(), lifetime).prop_map(|(user, lifetime)| Step::Refresh(user, lifetime)),
        3 => (user.clone(), peer.clone()).prop_map(|(user, peer)| Step::Permit(user, peer)),
        3 => (user.clone(), number.clone(), peer.clone())
            .prop_map(|(user, number, peer)| Step::Bind(user, number, peer)),
        3 => (user.clone(), peer.clone()).prop_map(|(user, peer)| Step::Send(user, peer)),
        3 => (user.clone(), number).prop_map(|(user, number)| Step::Channel(user, number)),
        3 => (user, peer).prop_map(|(user, peer)| Step::Peer(user, peer)),
        2 => pass.prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..80)
}

/// Returns one of four addresses with two ports each; the last is refused.
fn peer(index: usize) -> SocketAddr {
    let ip = ["192.0.2.5", "192.0.2.6", "192.0.2.7", "10.9.9.9"][index / 2];
    SocketAddr::new(ip.parse().unwrap(), 7000 + index as u16 % 2)
}

/// An allocation; times are seconds since the start.
#[derive(Default)]
struct Model {
    expires: u64,
    permissions: BTreeMap<IpAddr, u64>,
    channels: BTreeMap<u16, (SocketAddr, u64)>,
}

impl Model {
    fn permits(&self, peer: SocketAddr, now: u64) -> bool {
        self.permissions
            .get(&peer.ip())
            .is_some_and(|expires| *expires > now)
    }

    fn permit(&mut self, peer: SocketAddr, now: u64) -> u16 {
        if peer.ip().to_string() == "10.9.9.9" {
            return 403;
        }
        self.permissions.retain(|_, expires| *expires > now);
        if !self.permissions.contains_key(&peer.ip()) && self.permissions.len() == PERMISSIONS {
            return 508;
        }
        self.permissions.insert(peer.ip(), now + 300);
        0
    }

    fn bind(&mut self, number: u16, peer: SocketAddr, now: u64) -> u16 {
        if peer.ip().to_string() == "10.9.9.9" {
            return 403;
        }
        self.channels.retain(|_, (_, expires)| *expires + 300 > now);
        let bound = self.channels.get(&number).map(|(bound, _)| *bound);
        let elsewhere = self
            .channels
            .iter()
            .any(|(other, (bound, _))| *other != number && *bound == peer);
        if elsewhere || bound.is_some_and(|bound| bound != peer) {
            return 400;
        }
        if bound.is_none() && self.channels.len() == CHANNELS {
            return 508;
        }
        let code = self.permit(peer, now);
        if code == 0 {
            self.channels.insert(number, (peer, now + 600));
        }
        code
    }

    fn peer_of(&self, number: u16, now: u64) -> Option<SocketAddr> {
        let (peer, expires) = self.channels.get(&number)?;
        (*expires > now && self.permits(*peer, now)).then_some(*peer)
    }

    fn channel_of(&self, peer: SocketAddr, now: u64) -> Option<u16> {
        let mut channels = self.channels.iter();
        channels
            .find(|(_, (bound, expires))| *bound == peer && *expires > now)
            .map(|(number, _)| *number)
    }
}

struct Check {
    world: World,
    users: Vec<User>,
    models: [Option<Model>; 2],
    relayed: [Option<SocketAddr>; 2],
    now: u64,
}

impl Check {
    fn new() -> Self {
        let users = ["192.0.2.1:5000", "192.0.2.1:5001"];
        let users = users.map(|address| User::new("ada", address).over(Protocol::Tcp));
        Self {
            world: World::new(settings()),
            users: users.into(),
            models: [None, None],
            relayed: [None, None],
            now: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Pass(time) => self.pass(time),
            Step::Allocate(user) => self.allocate(user),
            Step::Refresh(user, lifetime) => self.refresh(user, lifetime),
            Step::Permit(user, at) => {
                let now = self.now;
                let expected = self.models[user]
                    .as_mut()
                    .map_or(437, |model| model.permit(peer(at), now));
                self.greet(user);
                let code = self
                    .world
                    .permit(&mut self.users[user], &peer(at).to_string());
                assert_eq!(code, expected);
            }
            Step::Bind(user, number, at) => {
                let now = self.now;
                let bind = |model: &mut Model| model.bind(number, peer(at), now);
                let expected = self.models[user].as_mut().map_or(437, bind);
                self.greet(user);
                let code = self
                    .world
                    .bind(&mut self.users[user], number, &peer(at).to_string());
                assert_eq!(code, expected);
            }
            Step::Send(user, at) => {
                let sent =
                    self.world
                        .send_indication(&self.users[user], &peer(at).to_string(), b"x");
                let model = self.models[user].as_ref();
                let passes = model.is_some_and(|model| model.permits(peer(at), self.now));
                assert_eq!(sent, self.to_peer(user, Some(peer(at)).filter(|_| passes)));
            }
            Step::Channel(user, number) => {
                let sent = self.world.channel_data(&self.users[user], number, b"x");
                let model = self.models[user].as_ref();
                let peer = model.and_then(|model| model.peer_of(number, self.now));
                assert_eq!(sent, self.to_peer(user, peer));
            }
            Step::Peer(user, at) => self.peer(user, peer(at)),
        }
    }

    /// Fetches a nonce again: nonces expire, but not in the model.
    fn greet(&mut self, user: usize) {
        self.world.greet(&mut self.users[user]);
    }

    fn to_peer(&self, user: usize, peer: Option<SocketAddr>) -> Option<Sent> {
        let peer = peer?;
        let relayed = self.relayed[user].expect("a model has an address");
        Some(Sent::ToPeer(relayed, peer, b"x".to_vec(), false))
    }

    fn pass(&mut self, time: u64) {
        self.world.pass(seconds(time));
        self.now += time;
        for model in &mut self.models {
            model.take_if(|model| model.expires <= self.now);
        }
        let live = self.models.iter().flatten().count();
        assert_eq!(self.world.sockets.len(), live);
        assert_eq!(self.world.relay.sessions().count(), live);
    }

    fn allocate(&mut self, user: usize) {
        self.greet(user);
        let answer = self.world.allocate_with(&mut self.users[user], &[]);
        if self.models[user].is_some() {
            return assert_eq!(answer.code(), 437);
        }
        assert_eq!(answer.code(), 0);
        self.relayed[user] = answer.relayed(0);
        self.models[user] = Some(Model {
            expires: self.now + 600,
            ..Model::default()
        });
    }

    fn refresh(&mut self, user: usize, lifetime: u32) {
        self.greet(user);
        let answer = self.world.refresh(&mut self.users[user], lifetime);
        let Some(model) = &mut self.models[user] else {
            return assert_eq!(answer.code(), 437);
        };
        assert_eq!(answer.code(), 0);
        let given = if lifetime == 0 {
            0
        } else {
            lifetime.clamp(600, 3600)
        };
        assert_eq!(answer.lifetime(), given);
        model.expires = self.now + u64::from(given);
        self.models[user].take_if(|_| given == 0);
    }

    fn peer(&mut self, user: usize, peer: SocketAddr) {
        let Some(relayed) = self.relayed[user] else {
            return;
        };
        let sent = self.world.peer_sends(relayed, &peer.to_string(), b"x");
        let model = self.models[user]
            .as_ref()
            .filter(|model| model.permits(peer, self.now));
        let Some(model) = model else {
            return assert_eq!(sent, None);
        };
        let Some(Sent::ToClient(client, bytes)) = sent else {
            panic!("a permitted peer is heard");
        };
        assert_eq!(client, self.users[user].client);
        match model.channel_of(peer, self.now) {
            Some(number) => assert_eq!(bytes[..5], channel_data(number, b"x")),
            None => assert_eq!(read_data(&bytes), (peer, b"x".to_vec())),
        }
    }
}

fn settings() -> Config {
    let mut config = config();
    config.quotas.permissions = PERMISSIONS as u32;
    config.quotas.channels = CHANNELS as u32;
    config.quotas.user_allocations = 1_000;
    config.credential_lifetime_max = seconds(1_000_000);
    config
}

fn check(steps: &[Step]) {
    let mut check = Check::new();
    for user in &mut check.users {
        let made = fmz_turn_core::Credentials::issue(SECRET, "ada", EPOCH + seconds(900_000));
        (user.username, user.password) = (made.username, made.password);
    }
    steps.iter().for_each(|step| check.step(step));
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn turn10_turn11_permissions_and_channels_are_as_the_model_says(steps in steps()) {
        check(&steps);
    }
}
