//! Fuzz targets: all code that reads bytes from outside, and the state machines behind it.
//!
//! Each target is a function of bytes that panics if a promise is broken. `scripts/fuzz` drives the
//! targets with libFuzzer (`libfuzzer/`); this crate's tests run the committed corpus and seeded
//! mutations of it in every ordinary test run. A finding is kept as a corpus file.

mod document;
mod input;
mod media;
mod ops;
mod room;
mod store;
mod turn;
mod turn_framing;
mod wire;

/// A function for fuzzed bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name, also of its folder in `corpus/` and of its program in `libfuzzer/`.
    pub name: &'static str,
    /// Takes any bytes; panics if a promise is broken.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("client_frame", wire::client_frame),
    target("server_frame", wire::server_frame),
    target("stroke_points", wire::stroke_points),
    target("snapshot", document::snapshot),
    target("committed", document::committed),
    target("replica", document::replica),
    target("ops", ops::run),
    target("room", room::run),
    target("store_segment", store::segment),
    target("store_index", store::index),
    target("store_snapshot", store::snapshot),
    target("keyframe", media::keyframe),
    target("frame_code", media::frame_code),
    target("frame_map", media::frame_map),
    target("labels", media::labels),
    target("turn_framing", turn_framing::run),
    target("turn_message", turn::message),
    target("turn_relay", turn::relay),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Runs one target.
///
/// # Panics
/// Panics if no target has the name, or if a promise is broken.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").run)(data);
}
