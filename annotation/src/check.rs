//! The rules by which ops are refused. Ops of a batch see each other's effects.

use crate::document::Document;
use crate::object::{Kind, Object, ObjectId};
use crate::op::{AddAuthor, Create, Op};
use crate::stroke::{Chunk, StrokeTip};
use crate::{OpError, limits};
use fmz_proto::limits::STROKE_POINTS_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// What a sender may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authority {
    /// Its own objects.
    #[default]
    Author,
    /// Properties and deletion of everybody's objects; points and ids stay their author's.
    Owner,
}

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// All: ops that somebody wants committed.
    Sender(Authority),
    /// Those without which the op has no meaning. A log stays readable when bounds and grants change.
    Log,
}

/// Objects as somebody sees them: those changed on top, then the document's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) document: &'a Document,
    pub(crate) overlay: Option<&'a BTreeMap<ObjectId, Object>>,
}

impl<'a> View<'a> {
    pub(crate) fn object(self, id: ObjectId) -> Option<&'a Object> {
        let changed = self.overlay.and_then(|overlay| overlay.get(&id));
        changed.or_else(|| self.document.object(id))
    }
}

/// A view with the ops of one batch judged so far.
pub(crate) struct Draft<'a> {
    view: View<'a>,
    rules: Rules,
    author: u32,
    /// Objects that the batch touched: the stroke's tip where it is one.
    touched: BTreeMap<ObjectId, Option<StrokeTip>>,
    authors: BTreeSet<u32>,
    objects: usize,
    content_bytes: usize,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(view: View<'a>, rules: Rules, author: u32) -> Self {
        Self {
            view,
            rules,
            author,
            touched: BTreeMap::new(),
            authors: BTreeSet::new(),
            objects: view.document.object_count(),
            content_bytes: view.document.content_bytes(),
        }
    }

    /// Refuses a sender whom the document does not know; 0 is the server.
    pub(crate) fn sender(&self) -> Result<(), OpError> {
        let author = self.author;
        if author == 0 || self.view.document.author(author).is_some() {
            return Ok(());
        }
        Err(OpError::UnknownAuthor { author })
    }

    pub(crate) fn check(&mut self, op: &Op) -> Result<(), OpError> {
        match op {
            Op::Create(create) => self.create(create),
            Op::Set { id, property } => {
                self.writable(*id)?;
                self.hold(property.content_bytes())
            }
            Op::StrokeAppend { id, chunk } => self.append(*id, chunk),
            Op::StrokeEnd { id } => self.stroke(*id)?.end(),
            Op::SetDeleted { id, .. } => self.writable(*id),
            Op::AddAuthor(added) => self.add_author(added),
        }
    }

    fn create(&mut self, create: &Create) -> Result<(), OpError> {
        self.own(create.id)?;
        if self.touched.contains_key(&create.id) || self.view.object(create.id).is_some() {
            return Err(OpError::Exists);
        }
        if self.judges_sender() && self.objects >= limits::OBJECTS_MAX {
            return Err(OpError::TooManyObjects);
        }
        let content = create.properties.iter().map(|value| value.content_bytes());
        self.hold(content.sum())?;
        self.objects += 1;
        let tip = (create.kind == Kind::Brush).then(StrokeTip::default);
        self.touched.insert(create.id, tip);
        Ok(())
    }

    fn append(&mut self, id: ObjectId, chunk: &Chunk) -> Result<(), OpError> {
        let judged = self.judges_sender();
        let tip = self.stroke(id)?;
        tip.append(chunk)?;
        if judged && tip.count > STROKE_POINTS_MAX {
            return Err(OpError::TooManyPoints);
        }
        self.hold(chunk.len() * limits::POINT_BYTES)
    }

    fn add_author(&mut self, added: &AddAuthor) -> Result<(), OpError> {
        let author = added.author;
        if self.author != 0 {
            return Err(OpError::ServerOnly);
        }
        if self.view.document.author(author).is_some() || !self.authors.insert(author) {
            return Err(OpError::AuthorExists { author });
        }
        let count = self.view.document.author_count() + self.authors.len();
        if self.judges_sender() && count > limits::AUTHORS_MAX {
            return Err(OpError::TooManyAuthors);
        }
        Ok(())
    }

    fn judges_sender(&self) -> bool {
        self.rules != Rules::Log
    }

    fn own(&self, id: ObjectId) -> Result<(), OpError> {
        if self.judges_sender() && id.author() != self.author {
            return Err(OpError::NotYours);
        }
        Ok(())
    }

    fn writable(&self, id: ObjectId) -> Result<(), OpError> {
        if !self.touched.contains_key(&id) && self.view.object(id).is_none() {
            return Err(OpError::UnknownObject);
        }
        match self.rules {
            Rules::Sender(Authority::Author) => self.own(id),
            Rules::Sender(Authority::Owner) | Rules::Log => Ok(()),
        }
    }

    fn stroke(&mut self, id: ObjectId) -> Result<&mut StrokeTip, OpError> {
        if !self.touched.contains_key(&id) {
            let object = self.view.object(id).ok_or(OpError::UnknownObject)?;
            let tip = object.shape().stroke().map(|stroke| stroke.tip());
            self.touched.insert(id, tip);
        }
        self.own(id)?;
        let tip = self.touched.get_mut(&id).and_then(Option::as_mut);
        tip.ok_or(OpError::NotAStroke)
    }

    /// Counts bytes that the document will hold at most, what they replace included.
    fn hold(&mut self, bytes: usize) -> Result<(), OpError> {
        self.content_bytes += bytes;
        if self.judges_sender() && bytes > 0 && self.content_bytes > limits::CONTENT_BYTES_MAX {
            return Err(OpError::DocumentFull);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
