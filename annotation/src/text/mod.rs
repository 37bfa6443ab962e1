//! Changes of a text that several people write at once.
//!
//! An [`Edit`] walks over a text and keeps, inserts or deletes Unicode scalar values; what follows
//! its last step stays. Edits can be joined ([`Edit::compose`]), taken back ([`Edit::invert`]) and
//! moved over what others did to the same text ([`Edit::transform`]). All of it is a pure function
//! of edits; no edit that was read from the wire can overflow a count.

mod compose;
mod cursor;
mod diff;
mod edit;
mod log;
mod steps;
#[cfg(test)]
mod tests;
mod transform;
mod wire;

pub use edit::Edit;
pub(crate) use log::{TextChange, TextLog};
pub use steps::Step;
pub use transform::Side;

/// Returns the number of Unicode scalar values of a text, which a [`Step`] counts.
fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
