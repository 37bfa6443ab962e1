//! The server through its sockets, on loopback.

mod client;
mod fixture;
mod sessions;
