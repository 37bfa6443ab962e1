//! The relay on real sockets of loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod handoff;
mod house;
mod operations;
mod streams;
mod udp;
