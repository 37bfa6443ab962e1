//! Tests a relay from outside, and explains the findings in words.

mod client;
mod line;
mod steps;

pub use client::{Client, Trouble};
pub use line::{Io, Line};
pub use steps::{Found, Step, explain, try_line};

/// The credentials that a client shows to a relay.
#[derive(Clone)]
pub struct Account {
    /// The user name.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Account")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
