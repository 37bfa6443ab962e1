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
