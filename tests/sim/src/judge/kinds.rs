//! Names of the kinds of op, so that a run can report which kinds it made.

use fmz_proto::v1::op::Op;

/// Kinds that many seeds together must have made: all of them.
pub const OP_KINDS: &[&str] = &[
    "create",
    "set",
    "stroke_append",
    "stroke_end",
    "set_deleted",
    "author_added",
    "media_added",
    "add",
    "clear",
    "commit",
    "revert",
    "text_edit",
];

/// Returns the name of an op's kind. A new kind gets its name here, an entry in the list above, and
/// code that makes it in `page/hand.rs`.
pub(super) fn name(op: &Op) -> &'static str {
    match op {
        Op::Create(_) => "create",
        Op::Set(_) => "set",
        Op::StrokeAppend(_) => "stroke_append",
        Op::StrokeEnd(_) => "stroke_end",
        Op::SetDeleted(_) => "set_deleted",
        Op::AuthorAdded(_) => "author_added",
        Op::MediaAdded(_) => "media_added",
        Op::Add(_) => "add",
        Op::Clear(_) => "clear",
        Op::Commit(_) => "commit",
        Op::Revert(_) => "revert",
        Op::TextEdit(_) => "text_edit",
    }
}
