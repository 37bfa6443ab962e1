//! The relay through its verbs. Test names carry the rules of `docs/SPEC-turn.md`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod allocate;
mod auth;
mod bounds;
mod channels;
mod control;
mod data;
mod families;
mod flood;
mod permissions;
mod policy;
mod ports;
mod quotas;
mod refresh;
mod world;
