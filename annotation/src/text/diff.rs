//! From two texts to the edit between them.

use super::steps::Builder;
use super::{Edit, chars};

impl Edit {
    /// Makes the edit that makes `after` out of `before`: it replaces one place, from the first
    /// difference to the last. A keystroke, a paste and an input method change no more. The effort
    /// grows with the length of the texts only.
    pub fn between(before: &str, after: &str) -> Self {
        let start = common(before.chars(), after.chars());
        let (same, before) = before.split_at(start);
        let after = &after[start..];
        let end = common(before.chars().rev(), after.chars().rev());
        let mut edit = Builder::default();
        edit.retain(chars(same));
        edit.insert(&after[..after.len() - end]);
        edit.delete(chars(&before[..before.len() - end]));
        edit.into()
    }
}

/// Bytes of the scalar values with which both begin.
fn common(one: impl Iterator<Item = char>, other: impl Iterator<Item = char>) -> usize {
    let same = one.zip(other).take_while(|(one, other)| one == other);
    same.map(|(same, _)| same.len_utf8()).sum()
}
