//! A participant, driven by its verbs with a hand-moved clock, before the smallest possible room.

mod batches;
mod copies;
mod hub;
mod life;
mod missing;
mod page;
mod random;
