//! The table of transformation: the rule for each pair of types.

use crate::op::OpType;

/// What an op becomes. The signs are those of `docs/SPEC-annotation.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// `=`: it stays as it is, and both orders give the same.
    Same,
    /// `<`: it stays as it is. Of what both write, the later counts.
    Later,
    /// `T`: the edit is moved over the change of the text.
    Text,
    /// `P`: it is about the points that the other left.
    Points,
    /// `C`: the server names what is deleted when it commits it.
    Named,
    /// `H`: the server makes it of the newest state, so nothing comes between.
    Head,
}

/// A row for each op, a column for each op that came before it and that it did not know; both in
/// the order of [`OpType`].
const TABLE: [[Rule; OpType::COUNT]; OpType::COUNT] = {
    use Rule::{Head as H, Later as L, Named as C, Points as P, Same as S, Text as T};
    [
        // Create, Set, Append, End, Edit, Add, Deleted, Clear, Author, Media, Commit, Revert
        [S, S, S, S, S, S, S, S, S, S, S, L], // Create
        [S, L, S, S, S, S, S, S, S, S, S, L], // Set
        [S, S, S, S, S, S, S, S, S, S, S, P], // Append
        [S, S, S, S, S, S, S, S, S, S, S, P], // End
        [S, S, S, S, T, S, S, S, S, S, S, T], // Edit
        [S, S, S, S, S, S, S, S, S, S, S, L], // Add
        [S, S, S, S, S, S, L, L, S, S, S, L], // Deleted
        [C, S, S, S, S, S, C, C, S, S, S, C], // Clear
        [H; OpType::COUNT],                   // Author
        [H; OpType::COUNT],                   // Media
        [H; OpType::COUNT],                   // Commit
        [H; OpType::COUNT],                   // Revert
    ]
};

/// Returns what an op of the first type becomes if one of the second, which it did not know, came
/// before it.
pub(super) fn rule(mine: OpType, theirs: OpType) -> Rule {
    TABLE[mine as usize][theirs as usize]
}
