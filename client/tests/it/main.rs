//! The client against real sockets, a real peer connection and real ffmpeg.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod clip;
mod publish;
mod server;
mod session;
