//! The wall around str0m: a panic inside it ends one transport only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use str0m::Rtc;
use str0m::error::RtcError;

/// Reason for which a transport cannot go on, or could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// str0m broke one of its invariants.
    #[error("transport fault")]
    Panicked,
    /// A call after such a fault.
    #[error("transport has ended")]
    Ended,
    /// str0m refused the call.
    #[error("{0}")]
    Refused(#[from] RtcError),
    /// The client's description cannot be read.
    #[error("session description unreadable")]
    Description,
    /// There is no offer to which this could be an answer.
    #[error("no offer waits for an answer")]
    NoOffer,
}

/// An `Rtc` that is reached only through [`Guarded::call`].
pub(crate) struct Guarded(Option<Rtc>);

impl Guarded {
    pub(crate) fn new(
        build: impl FnOnce() -> Result<Rtc, TransportError>,
    ) -> Result<Self, TransportError> {
        let rtc = catch_unwind(AssertUnwindSafe(build)).map_err(|_| TransportError::Panicked)??;
        Ok(Self(Some(rtc)))
    }

    /// Runs a call into the library.
    ///
    /// Unwinding is safe to catch here. The half-changed `Rtc` is dropped at once and never used
    /// again, and its endpoint ends. Outside the `Rtc`, the calls only append whole values to lists
    /// or maps, and move the cursors of that endpoint's subscriptions.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Rtc) -> T,
    ) -> Result<T, TransportError> {
        let rtc = self.0.as_mut().ok_or(TransportError::Ended)?;
        catch_unwind(AssertUnwindSafe(|| call(rtc))).map_err(|_| {
            let broken = self.0.take();
            let _ = catch_unwind(AssertUnwindSafe(move || drop(broken)));
            TransportError::Panicked
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sfu14_a_broken_library_is_never_called_again() {
        let mut guarded = Guarded::new(|| Ok(Rtc::new(crate::tests::epoch()))).unwrap();
        assert!(guarded.call(|rtc| rtc.is_alive()).unwrap());
        let fault = guarded.call(|_| panic!("planted"));
        assert!(matches!(fault, Err(TransportError::Panicked)));
        let after = guarded.call(|rtc| rtc.is_alive());
        assert!(matches!(after, Err(TransportError::Ended)));
    }

    #[test]
    fn sfu14_a_fault_while_building_is_an_error() {
        let built = Guarded::new(|| panic!("planted"));
        assert!(matches!(built.err(), Some(TransportError::Panicked)));
    }
}
