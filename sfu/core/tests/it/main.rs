//! The forwarding unit driven with a hand-moved clock; the browsers' part is played by str0m.

mod media;
mod session;
mod world;
