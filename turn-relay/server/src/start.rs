//! Starts a relay.

use crate::config::{Config, Neighbour, StartError};
use crate::metrics::Metrics;
use crate::shard::{self, BELL, Bell, Door, Handoff, LISTENING, Shard, Sockets, Way, door};
use crate::stream::{self, Admission};
use crate::turn::{self, Inner, Turn};
use fmz_net::{RawSocket, handoff};
use fmz_turn_core::Relay;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Waker};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::sync::watch;

/// Ports that the system may choose until one is free for datagrams and streams alike. On a busy
/// machine every second port is not.
const PORT_TRIES: usize = 32;

/// Starts a relay. Must be called inside a tokio runtime, which takes connections.
///
/// # Errors
/// [`StartError`], with nothing left running.
pub fn start(config: Config, registry: &prometheus::Registry) -> Result<Turn, StartError> {
    raise_descriptor_limit();
    let shards = config.relay.shards.max(1);
    let listeners = Listeners::bind(&config, shards)?;
    let metrics = Metrics::new(registry)?;
    let mut ends = ends(config.neighbour, usize::from(shards))?;
    let (mut doors, mut drained, mut prepared) = (Vec::new(), Vec::new(), Vec::new());
    for (number, listening) in (0..shards).zip(listeners.udp) {
        let mut relay = config.relay.clone();
        (relay.shards, relay.shard) = (shards, number);
        let handoff = ends.next();
        let (shard, outer, over) =
            prepare(relay, listening, handoff, metrics.clone()).map_err(StartError::Thread)?;
        doors.push(outer);
        drained.push(over);
        prepared.push(shard);
    }
    let threads = run(prepared, &doors)?;
    let turn = Turn {
        inner: Arc::new(Inner {
            doors,
            threads: Mutex::new(threads),
            listening: listeners.address,
            accepting: Mutex::new(None),
            drained,
            admission: Admission::default(),
            metrics,
            spread: std::hash::RandomState::new(),
        }),
    };
    if !listeners.tcp.is_empty() {
        let refused = turn.inner.metrics.connections_refused.clone();
        let listening = stream::listen(listeners.tcp, config.front, refused);
        let (accepting, streams) = listening.map_err(StartError::Thread)?;
        let served = turn.clone();
        let serving = tokio::spawn(async move {
            // Dropped with this task, which ends the accepting too.
            let _accepting = accepting;
            served.serve_streams(streams).await;
        });
        *turn::lock(&turn.inner.accepting) = Some(serving.abort_handle());
    }
    tracing::info!(listening = ?listeners.address, shards, "relay listening");
    Ok(turn)
}

/// Bound sockets: one of UDP for each shard, one of TCP for each address.
struct Listeners {
    udp: Vec<Option<RawSocket>>,
    tcp: Vec<TcpListener>,
    address: Option<SocketAddr>,
}

impl Listeners {
    fn bind(config: &Config, shards: u16) -> Result<Self, StartError> {
        let mut listeners = Self {
            udp: (0..shards).map(|_| None).collect(),
            tcp: Vec::new(),
            address: None,
        };
        if let Some(address) = config.listen {
            let bound = listeners.bind_both(address);
            bound.map_err(|source| StartError::Bind { address, source })?;
        }
        for address in config.listen_streams.iter().copied() {
            let bound = TcpListener::bind(address);
            let bound = bound.map_err(|source| StartError::Bind { address, source })?;
            listeners.tcp.push(bound);
        }
        Ok(listeners)
    }

    /// Binds both sockets. If the system chooses a port that is free for datagrams only, it is
    /// given back and another is tried.
    fn bind_both(&mut self, address: SocketAddr) -> io::Result<()> {
        let tries = if address.port() == 0 { PORT_TRIES } else { 1 };
        for _ in 1..tries {
            match self.try_bind_both(address) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                outcome => return outcome,
            }
        }
        self.try_bind_both(address)
    }

    /// Tries to bind both sockets. If the system chooses the port, the first socket draws it, and
    /// the others join.
    fn try_bind_both(&mut self, mut address: SocketAddr) -> io::Result<()> {
        let shared_port = self.udp.len() > 1;
        for place in &mut self.udp {
            let socket = shard::listening(address, shared_port)?;
            address = socket.local_addr();
            *place = Some(socket);
        }
        self.tcp.push(TcpListener::bind(address)?);
        self.address = Some(address);
        Ok(())
    }
}

/// Makes one hand-off for each shard, or none at all.
fn ends(
    neighbour: Option<Neighbour>,
    shards: usize,
) -> Result<impl Iterator<Item = Handoff>, StartError> {
    let (ends, addresses, relayed) = match neighbour {
        Some(neighbour) if neighbour.ends.len() != shards => {
            let ends = neighbour.ends.len();
            return Err(StartError::Ends { ends, shards });
        }
        Some(neighbour) => (neighbour.ends, neighbour.addresses, Some(neighbour.relayed)),
        None => (Vec::new(), Vec::new(), None),
    };
    let handoff = move |end: handoff::End| Handoff {
        end,
        addresses: addresses.clone(),
        relayed: relayed.clone().expect("it comes with the ends"),
    };
    Ok(ends.into_iter().map(handoff))
}

type Prepared = (Shard, Door, watch::Receiver<bool>);

fn prepare(
    config: fmz_turn_core::Config,
    listening: Option<RawSocket>,
    handoff: Option<Handoff>,
    metrics: Metrics,
) -> io::Result<Prepared> {
    let poll = Poll::new()?;
    let bell = Arc::new(Bell::new(Waker::new(poll.registry(), BELL)?));
    if let Some(socket) = &listening {
        let fd = socket.as_raw_fd();
        poll.registry()
            .register(&mut SourceFd(&fd), LISTENING, Interest::READABLE)?;
    }
    if let Some(handoff) = &handoff {
        let bell = Arc::clone(&bell);
        handoff.end.on_arrival(move || bell.ring());
        for address in &config.relayed {
            handoff.relayed.announce(address.announced);
        }
    }
    let (outer, inbox) = door(bell);
    let (told, drained) = watch::channel(false);
    let sockets = Sockets::new(poll.registry().try_clone()?);
    let addresses = config.relayed.clone();
    let way = Way::new(listening, sockets, handoff, addresses, metrics);
    let number = config.shard;
    let now = Instant::now();
    let relay = Relay::new(config, rand::random(), now, shard::unix_time());
    let shard = Shard::new(number, relay, poll, way, inbox, told);
    Ok((shard, outer, drained))
}

fn run(shards: Vec<Shard>, doors: &[Door]) -> Result<Vec<JoinHandle<()>>, StartError> {
    let mut threads = Vec::new();
    for shard in shards {
        let name = format!("fmz-turn-{}", shard.number);
        match thread::Builder::new().name(name).spawn(move || shard.run()) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                for door in doors {
                    let _ = door.controls.try_send(shard::Control::Stop);
                    door.bell.ring();
                }
                return Err(StartError::Thread(error));
            }
        }
    }
    Ok(threads)
}

/// Raises the limit of descriptors as far as the system allows, because each allocation needs one.
/// A low limit is no error here: the core answers 508.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
}
