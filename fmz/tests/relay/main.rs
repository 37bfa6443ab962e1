//! The relay as the binary runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod certificate;
mod edge;
mod house;
mod session;
