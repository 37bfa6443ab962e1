//! The table is the one that is written down.

use super::table::{Rule, rule};
use crate::op::OpType;

const SPEC: &str = include_str!("../../../docs/SPEC-annotation.md");

/// All types with their names in the table, in its order.
const TYPES: [(OpType, &str); OpType::COUNT] = [
    (OpType::Create, "Create"),
    (OpType::Set, "Set"),
    (OpType::StrokeAppend, "Append"),
    (OpType::StrokeEnd, "End"),
    (OpType::TextEdit, "Edit"),
    (OpType::Add, "Add"),
    (OpType::SetDeleted, "Deleted"),
    (OpType::Clear, "Clear"),
    (OpType::AddAuthor, "Author"),
    (OpType::AddMedia, "Media"),
    (OpType::Commit, "Commit"),
    (OpType::Revert, "Revert"),
];

fn sign(rule: Rule) -> &'static str {
    match rule {
        Rule::Same => "=",
        Rule::Later => "<",
        Rule::Text => "T",
        Rule::Points => "P",
        Rule::Named => "C",
        Rule::Head => "H",
    }
}

fn line(mine: OpType, name: &str) -> String {
    let cells = TYPES.map(|(theirs, _)| sign(rule(mine, theirs)));
    format!("| {name} | {} |\n", cells.join(" | "))
}

#[test]
fn tp1_the_table_is_written_down() {
    let table: String = TYPES.map(|(mine, name)| line(mine, name)).concat();
    assert!(SPEC.contains(&table), "docs/SPEC-annotation.md:\n{table}");
}

#[test]
fn tp1_only_edits_and_reverts_leave_something_to_be_moved_over() {
    for (mine, _) in TYPES {
        for (theirs, name) in TYPES {
            let moves = matches!(rule(mine, theirs), Rule::Text | Rule::Points);
            let leaves = matches!(theirs, OpType::TextEdit | OpType::Revert);
            assert!(leaves || !moves, "{mine:?} over {name}");
        }
    }
}
