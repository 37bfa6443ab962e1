//! The forwarding unit, driven with a hand-moved clock; str0m plays the browsers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod link;
mod media;
mod random;
mod session;
mod world;
