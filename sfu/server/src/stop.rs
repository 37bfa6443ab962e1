//! The owner's wish that the unit stops.

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Resolves once [`crate::Running`] asks to stop or is dropped, and stays resolved.
pub(crate) struct Stop {
    asked: oneshot::Receiver<()>,
    is_asked: bool,
}

impl Stop {
    pub(crate) fn new(asked: oneshot::Receiver<()>) -> Self {
        Self {
            asked,
            is_asked: false,
        }
    }

    /// Returns true if the unit is to stop.
    pub(crate) fn is_asked(&mut self) -> bool {
        self.is_asked |= self.asked.try_recv() != Err(TryRecvError::Empty);
        self.is_asked
    }

    /// Waits until the unit is to stop.
    pub(crate) async fn asked(&mut self) {
        if !self.is_asked {
            let _ = (&mut self.asked).await;
            self.is_asked = true;
        }
    }
}
