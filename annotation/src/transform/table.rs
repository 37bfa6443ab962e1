//! What an op becomes where another one came before it, by the types of both.

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

/// What an op of the first type becomes where one of the second, which it did not
/// know, came before it.
pub(super) fn rule(mine: OpType, theirs: OpType) -> Rule {
    match mine {
        OpType::Create | OpType::Add => later_than_a_revert(theirs),
        OpType::Set => set(theirs),
        OpType::StrokeAppend | OpType::StrokeEnd => stroke(theirs),
        OpType::TextEdit => text_edit(theirs),
        OpType::SetDeleted => set_deleted(theirs),
        OpType::Clear => clear(theirs),
        OpType::AddAuthor | OpType::AddMedia | OpType::Commit | OpType::Revert => Rule::Head,
    }
}

fn later_than_a_revert(theirs: OpType) -> Rule {
    match theirs {
        OpType::Create
        | OpType::Set
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::TextEdit
        | OpType::Add
        | OpType::SetDeleted
        | OpType::Clear
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
        OpType::Revert => Rule::Later,
    }
}

fn set(theirs: OpType) -> Rule {
    match theirs {
        OpType::Set | OpType::Revert => Rule::Later,
        OpType::Create
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::TextEdit
        | OpType::Add
        | OpType::SetDeleted
        | OpType::Clear
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
    }
}

fn stroke(theirs: OpType) -> Rule {
    match theirs {
        OpType::Revert => Rule::Points,
        OpType::Create
        | OpType::Set
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::TextEdit
        | OpType::Add
        | OpType::SetDeleted
        | OpType::Clear
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
    }
}

fn text_edit(theirs: OpType) -> Rule {
    match theirs {
        OpType::TextEdit | OpType::Revert => Rule::Text,
        OpType::Create
        | OpType::Set
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::Add
        | OpType::SetDeleted
        | OpType::Clear
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
    }
}

fn set_deleted(theirs: OpType) -> Rule {
    match theirs {
        OpType::SetDeleted | OpType::Clear | OpType::Revert => Rule::Later,
        OpType::Create
        | OpType::Set
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::TextEdit
        | OpType::Add
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
    }
}

fn clear(theirs: OpType) -> Rule {
    match theirs {
        OpType::Create | OpType::SetDeleted | OpType::Clear | OpType::Revert => Rule::Named,
        OpType::Set
        | OpType::StrokeAppend
        | OpType::StrokeEnd
        | OpType::TextEdit
        | OpType::Add
        | OpType::AddAuthor
        | OpType::AddMedia
        | OpType::Commit => Rule::Same,
    }
}
