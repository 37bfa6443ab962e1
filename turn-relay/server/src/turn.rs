//! A running relay: the handle through which it gets connections and commands.

use crate::metrics::Metrics;
use crate::shard::{Control, Door, Stopped};
use crate::stream::{self, Admission, Ended, Refused};
use crate::{Session, SessionId};
use fmz_net::front::{self, RelayStream};
use fmz_turn_core::{Client, Command, Config, Protocol};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};

/// A running relay. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Turn {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) doors: Vec<Door>,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) listening: Option<SocketAddr>,
    pub(crate) accepting: Mutex<Option<tokio::task::AbortHandle>>,
    pub(crate) drained: Vec<watch::Receiver<bool>>,
    pub(crate) admission: Admission,
    pub(crate) metrics: Metrics,
    pub(crate) spread: RandomState,
}

impl Turn {
    /// Returns the address for clients, with the port that the system chose.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.listening
    }

    /// Serves every connection that comes by `streams`, until no more can come.
    pub async fn serve_streams(&self, mut streams: mpsc::Receiver<RelayStream>) {
        while let Some(stream) = streams.recv().await {
            let turn = self.clone();
            tokio::spawn(async move {
                let protocol = match stream.protocol {
                    front::Protocol::Tcp => Protocol::Tcp,
                    front::Protocol::Tls => Protocol::Tls,
                };
                turn.serve_stream(stream.io, protocol, stream.client, stream.local)
                    .await;
            });
        }
    }

    /// Serves one connection of a client to its end. It ends after [`crate::HELLO_TIME_MAX`]
    /// without an allocation. It ends at once if `client` has [`crate::CONNECTIONS_PER_SOURCE_MAX`]
    /// connections already, or all together have [`crate::CONNECTIONS_MAX`].
    pub async fn serve_stream(
        &self,
        io: impl AsyncRead + AsyncWrite,
        protocol: Protocol,
        client: SocketAddr,
        local: SocketAddr,
    ) {
        let metrics = &self.inner.metrics;
        let _place = match self.inner.admission.admit(client.ip()) {
            Ok(place) => place,
            Err(bound) => return self.refused(bound),
        };
        metrics.connections.inc();
        let client = Client {
            protocol,
            address: client,
            local,
        };
        let ended = stream::serve(io, client, self.door(client)).await;
        metrics.connections.dec();
        self.note(&ended);
        tracing::debug!(client = %client.address, %ended, "connection over");
    }

    fn refused(&self, bound: Refused) {
        let cause = match bound {
            Refused::Source => "source",
            Refused::Total => "total",
        };
        let refused = &self.inner.metrics.connections_refused;
        refused.with_label_values(&[cause]).inc();
    }

    fn note(&self, ended: &Ended) {
        let cause = match ended {
            Ended::Hello => "hello",
            Ended::Framing(_) => "framing",
            Ended::Relay => "relay",
            Ended::Client | Ended::Io(_) => return,
        };
        let refused = &self.inner.metrics.connections_refused;
        refused.with_label_values(&[cause]).inc();
    }

    /// Returns the shard of a connection.
    fn door(&self, client: Client) -> &Door {
        let doors = &self.inner.doors;
        let hash = usize::try_from(self.inner.spread.hash_one(client)).unwrap_or(usize::MAX);
        &doors[hash % doors.len()]
    }

    /// Takes new secrets, users, policy, alternate and quotas, as
    /// [`fmz_turn_core::Relay::set_config`] does. Nothing that the new settings allow is
    /// interrupted.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn reload(&self, config: &Config) -> Result<(), Stopped> {
        for door in &self.inner.doors {
            door.control(Control::Config(Box::new(config.clone())))
                .await?;
        }
        Ok(())
    }

    /// Ends a user's allocations, and refuses it until every credential it may hold has expired.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn revoke(&self, user: &str) -> Result<(), Stopped> {
        let user = user.to_owned();
        self.command_all(&Command::Revoke { user }).await
    }

    /// Ends one allocation. Returns false if there is no such shard.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn kick(&self, session: SessionId) -> Result<bool, Stopped> {
        let Some(door) = self.inner.doors.get(usize::from(session.shard)) else {
            return Ok(false);
        };
        let allocation = session.allocation;
        let (known, answer) = oneshot::channel();
        door.control(Control::Kick(allocation, known)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// Takes no new allocations: answers 300 with `alternate` if it is of the client's family, else
    /// 508. Existing ones go on, for at most `time`.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn drain(
        &self,
        alternate: Option<SocketAddr>,
        time: Duration,
    ) -> Result<(), Stopped> {
        let deadline = Instant::now() + time;
        self.command_all(&Command::Drain {
            alternate,
            deadline,
        })
        .await
    }

    /// Returns once a drain is over.
    pub async fn drained(&self) {
        for drained in &self.inner.drained {
            // A shard that has ended holds no allocation.
            let _ = drained.clone().wait_for(|over| *over).await;
        }
    }

    async fn command_all(&self, command: &Command) -> Result<(), Stopped> {
        for door in &self.inner.doors {
            door.control(Control::Command(command.clone())).await?;
        }
        Ok(())
    }

    /// Returns allocations, at most `limit`; only those of `user` if one is given.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn sessions(
        &self,
        user: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>, Stopped> {
        let mut sessions = Vec::new();
        for door in &self.inner.doors {
            let (answer, answered) = oneshot::channel();
            let user = user.map(str::to_owned);
            let limit = limit - sessions.len();
            door.control(Control::Sessions(user, limit, answer)).await?;
            sessions.extend(answered.await.map_err(|_| Stopped)?);
        }
        Ok(sessions)
    }

    /// Ends the relay. Its sockets are closed when this returns.
    pub async fn shutdown(&self) {
        if let Some(accepting) = lock(&self.inner.accepting).take() {
            accepting.abort();
        }
        for door in &self.inner.doors {
            let _ = door.control(Control::Stop).await;
        }
        let threads = std::mem::take(&mut *lock(&self.inner.threads));
        let joined = tokio::task::spawn_blocking(|| threads.into_iter().all(|t| t.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a relay thread ended by a panic");
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
