//! The room through its verbs, with time moved by hand. Names begin with the rule's id in
//! `docs/SPEC-signaling.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auto;
mod converge;
mod films;
mod gather;
mod grants;
mod hash;
mod join;
mod link;
mod loss;
mod media;
mod ops;
mod pace;
mod paths;
mod presence;
mod texts;
mod versions;
mod world;
