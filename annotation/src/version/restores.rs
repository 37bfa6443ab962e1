//! The way from a state back to an older one.

use super::diff::{Part, parts};
use super::revert::{ObjectRestore, Restores, Scope};
use super::stroke::StrokeRestore;
use crate::Document;
use crate::object::{Key, Object};

const DELETED: Part = Part::Property(Key::Deleted);

impl Scope {
    fn has_frame_of(&self, object: &Object) -> bool {
        self.frames.as_ref().is_none_or(|(of, range)| {
            let frame = object.frame().index_in(of);
            frame.is_some_and(|frame| range.contains(&frame))
        })
    }

    fn has_part(&self, object: &Object, part: Part) -> bool {
        let author = || match part {
            Part::Property(key) => object.writer(key).author,
            Part::Points => object.id().author(),
        };
        let authors = self.authors.as_ref();
        authors.is_none_or(|authors| authors.contains(&author()))
    }
}

/// Says which values lead from `head` back to `target`, an older state of the same log, in order of
/// id. What `target` does not know is deleted.
pub fn restores(head: &Document, target: &Document, scope: &Scope) -> Restores {
    let mut restores = Restores::default();
    let mut known = target.objects().peekable();
    for object in head.objects() {
        let before = known.next_if(|before| before.id() == object.id());
        if !scope.has_frame_of(object) {
            continue;
        }
        match before {
            Some(before) => restores.extend(restore(object, before, scope)),
            None if object.deleted() || !scope.has_part(object, DELETED) => {}
            None => restores.deleted.push(object.id(), true),
        }
    }
    restores
}

fn restore(object: &Object, target: &Object, scope: &Scope) -> Option<ObjectRestore> {
    let mut properties = Vec::new();
    let mut stroke = None;
    for part in parts(object, target) {
        if !scope.has_part(object, part) {
            continue;
        }
        match part {
            Part::Property(key) => properties.push(target.value(key)),
            Part::Points => {
                stroke = Some(StrokeRestore::between(object.stroke()?, target.stroke()?))
            }
        }
    }
    let id = object.id();
    let something = stroke.is_some() || !properties.is_empty();
    something.then_some(ObjectRestore {
        id,
        properties,
        stroke,
    })
}
