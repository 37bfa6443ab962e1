//! A fault that a test plants in the media thread. No build for users has it.

use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Fault {
    planted: AtomicBool,
}

impl Fault {
    pub(crate) fn plant(&self) {
        self.planted.store(true, Ordering::SeqCst);
    }

    /// Panics once if the fault is planted.
    pub(crate) fn strike(&self) {
        assert!(
            !self.planted.swap(false, Ordering::SeqCst),
            "a test planted this fault"
        );
    }
}
