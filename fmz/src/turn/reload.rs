//! New settings for a running relay, on SIGHUP or at an operator's request.

use crate::cli;
use crate::exit::Failure;
use fmz_net::front::Certificate;
use fmz_turn::admin::Reload;
use fmz_turn::{Issuer, Turn};
use std::net::SocketAddr;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Requests that wait. Each takes a moment, and people make them by hand.
const REQUESTS_MAX: usize = 4;

/// Reads the settings again, one request after another.
pub(crate) struct Reloads {
    pub(crate) turn: Turn,
    /// Addresses of the forwarding unit.
    pub(crate) candidates: Vec<SocketAddr>,
    /// Issuer of sessions' credentials, if this process has one.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) certificate: Option<Certificate>,
}

impl Reloads {
    /// Starts listening for SIGHUP and for requests.
    pub(crate) fn listen(self) -> Result<mpsc::Sender<Reload>, Failure> {
        let (requests, asked) = mpsc::channel(REQUESTS_MAX);
        let hangup = signal(SignalKind::hangup());
        let hangup = hangup.map_err(|error| Failure::running("listen for signals", error))?;
        tokio::spawn(self.serve(hangup, asked));
        Ok(requests)
    }

    async fn serve(self, mut hangup: Signal, mut asked: mpsc::Receiver<Reload>) {
        loop {
            let answer = tokio::select! {
                Some(()) = hangup.recv() => None,
                request = asked.recv() => match request {
                    Some(answer) => Some(answer),
                    None => return,
                },
            };
            let done = self.reload().await.map_err(|failure| failure.to_string());
            match &done {
                Ok(()) => tracing::info!("settings and certificate read again"),
                Err(why) => tracing::error!("settings stay as they are: {why}"),
            }
            if let Some(answer) = answer {
                let _ = answer.send(done);
            }
        }
    }

    async fn reload(&self) -> Result<(), Failure> {
        let settings = cli::read_settings()?;
        let relay = super::relay(&settings, &self.candidates).await?;
        if let Some(certificate) = &self.certificate {
            let fault = |error| Failure::running("read the certificate", error);
            certificate.reload().map_err(fault)?;
        }
        if let Some(issuer) = &self.issuer {
            issuer.replace_secret(super::issuing(&relay.secrets));
        }
        let stopped = |error| Failure::running("reload the relay", error);
        self.turn.reload(&relay).await.map_err(stopped)
    }
}
