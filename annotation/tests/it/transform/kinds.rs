//! The types of ops, and one of each.

use super::stage::GUARD;
use crate::make::{self, id};
use fmz_annotation::Document;
use fmz_annotation::version::{Revert, Scope, Version, VersionIds, restores};
use fmz_proto::v1::{self, op};
use proptest::prelude::*;

const SPEC: &str = include_str!("../../../../docs/SPEC-annotation.md");

/// Types of ops, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Set,
    Append,
    End,
    Edit,
    Add,
    Deleted,
    Clear,
    Author,
    Commit,
    Revert,
}

/// What an op is about, as far as its type leaves it open.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) pick: usize,
    pub(super) value: i32,
    pub(super) flag: bool,
}

pub(super) fn choice() -> impl Strategy<Value = Choice> {
    let choice = (0..12_usize, 1..9_i32, any::<bool>());
    choice.prop_map(|(pick, value, flag)| Choice { pick, value, flag })
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::Create,
        Self::Set,
        Self::Append,
        Self::End,
        Self::Edit,
        Self::Add,
        Self::Deleted,
        Self::Clear,
        Self::Author,
        Self::Commit,
        Self::Revert,
    ];

    pub(super) fn is_servers(self) -> bool {
        matches!(self, Self::Author | Self::Commit | Self::Revert)
    }
}

/// The sign that the table has for an op over another.
pub(super) fn sign(mine: Kind, theirs: Kind) -> &'static str {
    let name = format!("| {mine:?} | ");
    let mut lines = SPEC.lines();
    let line = lines.find_map(|line| line.strip_prefix(&name));
    let mut cells = line.expect("the table has every type").split(" | ");
    let cell = cells.nth(theirs as usize).expect("of every type");
    cell.trim_end_matches(" |")
}

/// Whether both orders give the same content.
pub(super) fn commute(mine: Kind, theirs: Kind) -> bool {
    let later = sign(mine, theirs) == "<" || sign(theirs, mine) == "<";
    !later && ![mine, theirs].contains(&Kind::Revert)
}

/// An op as its author makes it on a document.
pub(super) fn op(kind: Kind, author: u32, choice: &Choice, document: &Document) -> v1::Op {
    let Choice { pick, value, flag } = *choice;
    let any = id(pick as u32 % 2 + 1, pick as u32 / 2 % 5 + 1);
    match kind {
        Kind::Create if flag => make::reply(id(author, 6), id(3 - author, 3), "yes"),
        Kind::Create => make::create(id(author, 6), v1::Kind::Ellipse, vec![make::color(3)]),
        Kind::Set => make::set(any, property(pick, author, value)),
        Kind::Append => make::append(id(author, 1), &[(value, 1), (1, value)], &[]),
        Kind::End => make::end_in(document, id(author, 1)),
        Kind::Edit => edit(author, choice),
        Kind::Add => make::add(any, value, -value),
        Kind::Deleted => make::all_deleted(vec![any.expect("it is one")], flag),
        Kind::Clear if flag => make::clear_all(),
        Kind::Clear => make::clear_frames(24, 24),
        Kind::Author | Kind::Commit | Kind::Revert => panic!("{kind:?} is the server's"),
    }
}

fn property(pick: usize, author: u32, value: i32) -> v1::Property {
    let number = author * 10 + value as u32;
    match pick % 3 {
        0 => make::color(number),
        1 => make::end_at(value, author as i32),
        _ => make::order(&[number as u8]),
    }
}

/// Of one of the two texts, at its beginning.
fn edit(author: u32, choice: &Choice) -> v1::Op {
    let Choice { pick, value, flag } = *choice;
    let at = value as u32 % 4;
    let delete = pick as u32 % 3 % (5 - at);
    make::edit(id(pick as u32 % 2 + 1, 4), at, delete, mark(author, flag))
}

/// What an edit inserts; the flag says that nothing else does.
pub(super) fn mark(author: u32, flag: bool) -> &'static str {
    match (flag, author) {
        (false, _) => "x\u{1f3ac}",
        (true, 1) => "A",
        (true, _) => "B",
    }
}

/// An op of the server, which it makes of the newest state.
pub(super) fn servers(kind: Kind, choice: &Choice, head: &Document, target: &Document) -> v1::Op {
    match kind {
        Kind::Author => make::author(head.next_author()),
        Kind::Commit => commit(head),
        Kind::Revert => revert(choice, head, target),
        other => panic!("{other:?} is an author's"),
    }
}

fn commit(head: &Document) -> v1::Op {
    let ms = 1_700_000_000_000;
    let mut ids = VersionIds::after(1, head.last_version().map(|version| version.id));
    let version = Version {
        id: ids.next(ms).expect("in time"),
        base: None,
        revision: head.revision(),
        author: 1,
        name: "cut".into(),
        message: String::new(),
        committed_ms: ms,
        state_hash: head.state_hash(),
        automatic: false,
    };
    let version = Some((&version).into());
    v1::Op {
        op: Some(op::Op::Commit(v1::Commit { version })),
    }
}

/// All, or what one of the two and the guard wrote, and other reverts with them.
fn revert(choice: &Choice, head: &Document, target: &Document) -> v1::Op {
    let scope = Scope {
        authors: choice.flag.then(|| [1, GUARD].into()),
        frames: None,
    };
    let restores = restores(head, target, &scope);
    let revert = Revert::new(target.revision(), scope, 1, restores);
    v1::Op {
        op: Some(op::Op::Revert((&revert).into())),
    }
}
