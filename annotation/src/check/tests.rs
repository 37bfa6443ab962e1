//! Bounds that are too large to be reached through a document.

use super::*;
use crate::document::Document;
use crate::object::{FrameStamp, Property};
use fmz_proto::limits::TEXT_BYTES_MAX;
/// Judges the same kind of op, numbered from 1, until one is refused.
fn taken_of(author: u32, op: impl Fn(u32) -> Op) -> (usize, OpError) {
    let document = Document::new();
    let view = View {
        document: &document,
        overlay: None,
    };
    let mut draft = Draft::new(view, Rules::Sender(Authority::Author), author);
    (1..=u32::MAX)
        .find_map(|n| {
            draft
                .check(&op(n))
                .err()
                .map(|error| (n as usize - 1, error))
        })
        .expect("every bound is below four billion")
}

fn create(counter: u32, properties: Vec<Property>) -> Op {
    Op::Create(Create {
        id: ObjectId::new(1, counter).unwrap(),
        kind: Kind::Text,
        frame: FrameStamp::default(),
        parent: None,
        properties,
    })
}

#[test]
fn op10_objects_are_bounded() {
    let refused = taken_of(1, |n| create(n, Vec::new()));
    assert_eq!(refused, (limits::OBJECTS_MAX, OpError::TooManyObjects));
}

#[test]
fn op10_content_is_bounded() {
    let text = || vec![Property::Text("x".repeat(TEXT_BYTES_MAX))];
    let refused = taken_of(1, |n| create(n, text()));
    let full = limits::CONTENT_BYTES_MAX / TEXT_BYTES_MAX;
    assert_eq!(refused, (full, OpError::DocumentFull));
}

#[test]
fn op13_authors_are_bounded() {
    let refused = taken_of(0, |author| {
        Op::AddAuthor(AddAuthor {
            author,
            identity: String::new(),
            name: String::new(),
            session_key: [0; 16],
        })
    });
    assert_eq!(refused, (limits::AUTHORS_MAX, OpError::TooManyAuthors));
}
