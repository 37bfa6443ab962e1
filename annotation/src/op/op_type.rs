//! Ops by what they are.

use super::Op;

/// The type of an op, in the order of the table of transformation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpType {
    Create,
    Set,
    StrokeAppend,
    StrokeEnd,
    TextEdit,
    Add,
    SetDeleted,
    Clear,
    AddAuthor,
    AddMedia,
    Commit,
    Revert,
}

impl OpType {
    /// Number of types.
    pub(crate) const COUNT: usize = Self::Revert as usize + 1;
}

impl Op {
    pub(crate) fn op_type(&self) -> OpType {
        match self {
            Self::Create(_) => OpType::Create,
            Self::Set { .. } => OpType::Set,
            Self::StrokeAppend { .. } => OpType::StrokeAppend,
            Self::StrokeEnd { .. } => OpType::StrokeEnd,
            Self::TextEdit { .. } => OpType::TextEdit,
            Self::Add { .. } => OpType::Add,
            Self::SetDeleted { .. } => OpType::SetDeleted,
            Self::Clear(_) => OpType::Clear,
            Self::AddAuthor(_) => OpType::AddAuthor,
            Self::AddMedia(_) => OpType::AddMedia,
            Self::Commit(_) => OpType::Commit,
            Self::Revert(_) => OpType::Revert,
        }
    }
}
