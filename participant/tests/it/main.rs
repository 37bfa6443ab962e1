//! A participant, driven by its verbs with a hand-moved clock, before a room as small as can be.

mod batches;
mod copies;
mod hub;
mod life;
mod missing;
mod page;
mod random;
