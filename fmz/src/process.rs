//! Parts that every command needs of its process: a runtime, the signals that end it, lines on
//! standard output.

use crate::exit::Failure;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Makes the runtime of a whole process.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::running("start the runtime", error))
}

/// Prints a line for which a person or a script waits.
#[allow(
    clippy::print_stdout,
    reason = "the line is what the command was run for"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Waits for SIGTERM or ctrl-c.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Starts listening. From then on, the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::running("listen for signals", error));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Resolves on the first of the two signals.
    pub(crate) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
    }
}
