//! Structured logs on standard error.

use crate::exit::Failure;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Log filter unless the settings give another. The WebRTC library of the native client logs every
/// step, and the STUN library warns of each datagram that is not STUN.
pub(crate) const DEFAULT_LOG: &str =
    "info,rtc=warn,webrtc=warn,rtc_ice=error,rtc_dtls=error,stun_types=off";

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Starts logging for the rest of the process.
pub(crate) fn start(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Failure::setting("log", error))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    started.map_err(|error| Failure::running("start logging", error))
}
