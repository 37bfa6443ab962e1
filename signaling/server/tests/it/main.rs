//! The server through its sockets, on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod client;
mod fixture;
mod frames;
mod grants;
mod history;
mod http;
mod link;
mod opening;
mod relays;
mod rest;
mod sessions;
mod versions;
