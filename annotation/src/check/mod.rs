//! The rules by which ops are refused. Ops of a batch see each other's effects.

mod revert;
#[cfg(test)]
mod tests;
mod touched;

use crate::authority::{Authority, Sender};
use crate::media::Media;
use crate::object::{FrameStamp, Kind, ObjectId, Point, Property};
use crate::op::{AddAuthor, Clear, Create, Op};
use crate::overlay::View;
use crate::stroke::{Chunk, StrokeSum, StrokeTip};
use crate::text::Edit;
use crate::version::{Revert, Version};
use crate::{OpError, limits};
use fmz_proto::WireError;
use fmz_proto::limits::{OFFSET_MAX, STROKE_POINTS_MAX, TEXT_BYTES_MAX};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use touched::Touched;

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// All: ops that somebody wants committed.
    Sender(Authority),
    /// The same, as a replica asks them of its own ops. It may not know a media yet that the server
    /// has told by another path.
    Replica(Authority),
    /// Those without which the op has no meaning. A log stays readable when bounds
    /// and grants change.
    Log,
}

/// A view with the ops of one batch judged so far.
pub(crate) struct Draft<'a> {
    view: View<'a>,
    rules: Rules,
    author: u32,
    /// The object that the batch touched last: most batches touch no other, and need no map.
    last: Option<(ObjectId, Touched)>,
    /// Objects that it touched before.
    touched: BTreeMap<ObjectId, Touched>,
    authors: BTreeSet<u32>,
    media: BTreeSet<Arc<str>>,
    /// Ops so far, and whether the last takes no other beside it.
    judged: usize,
    alone: bool,
    objects: usize,
    content_bytes: usize,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(view: View<'a>, rules: Rules, author: u32) -> Self {
        Self {
            view,
            rules,
            author,
            last: None,
            touched: BTreeMap::new(),
            authors: BTreeSet::new(),
            media: BTreeSet::new(),
            judged: 0,
            alone: false,
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
        if self.alone {
            return Err(OpError::NotAlone);
        }
        self.judged += 1;
        self.alone = matches!(op, Op::Commit(_) | Op::Revert(_));
        match op {
            Op::Create(create) => self.create(create),
            Op::Set { id, property } => self.set(*id, property),
            Op::Add { id, offset } => self.add(*id, *offset),
            Op::StrokeAppend { id, chunk } => self.append(*id, chunk),
            Op::StrokeEnd { id, sum } => self.stroke(*id)?.end(*sum),
            Op::SetDeleted { ids, .. } => self.all_writable(ids),
            Op::Clear(clear) => self.clear(clear),
            Op::TextEdit { id, edit } => self.edit_text(*id, edit),
            Op::AddAuthor(added) => self.add_author(added),
            Op::AddMedia(media) => self.add_media(media),
            Op::Commit(version) => self.version(version),
            Op::Revert(revert) => self.revert(revert),
        }
    }

    /// What an end must say of a stroke as it is so far.
    pub(crate) fn sum(&mut self, id: ObjectId) -> Result<StrokeSum, OpError> {
        Ok(self.stroke(id)?.sum())
    }

    fn create(&mut self, create: &Create) -> Result<(), OpError> {
        self.own(create.id)?;
        if self.is_last(create.id)
            || self.touched.contains_key(&create.id)
            || self.view.object(create.id).is_some()
        {
            return Err(OpError::Exists);
        }
        self.parent(create)?;
        self.stamp(&create.frame)?;
        if self.judges_sender() && self.objects >= limits::OBJECTS_MAX {
            return Err(OpError::TooManyObjects);
        }
        let content = create.properties.iter().map(Property::content_bytes);
        self.hold(content.sum())?;
        self.objects += 1;
        self.set_last(create.id, create.into());
        Ok(())
    }

    /// A reply answers a pin; nothing else answers anything.
    fn parent(&mut self, create: &Create) -> Result<(), OpError> {
        let field = "create.parent";
        match (create.kind, create.parent) {
            (Kind::Reply, None) => Err(WireError::Missing { field })?,
            (Kind::Reply, Some(pin)) => match self.touch(pin) {
                Ok(touched) if touched.kind == Kind::Pin => Ok(()),
                Ok(_) => Err(OpError::NotAPin),
                Err(_) => Err(OpError::UnknownParent),
            },
            (_, None) => Ok(()),
            (_, Some(_)) => Err(WireError::OutOfRange { field })?,
        }
    }

    /// Refuses a picture of a media that is not known.
    pub(crate) fn stamp(&self, stamp: &FrameStamp) -> Result<(), OpError> {
        match (self.view.document.check_stamp(stamp), self.rules) {
            (Err(OpError::UnknownMedia), Rules::Replica(_)) => Ok(()),
            (checked, _) => checked,
        }
    }

    fn set(&mut self, id: ObjectId, property: &Property) -> Result<(), OpError> {
        let pin = self.touch(id)?.kind == Kind::Pin;
        if !(pin && property.is_of_thread()) {
            self.writable(id)?;
        }
        self.hold(property.content_bytes())
    }

    fn add(&mut self, id: ObjectId, offset: Point) -> Result<(), OpError> {
        self.writable(id)?;
        let touched = self.touch(id)?;
        let moved = touched.offset.saturating_add(offset);
        if !moved.is_within(OFFSET_MAX) {
            let field = "add.offset";
            return Err(WireError::OutOfRange { field }.into());
        }
        touched.offset = moved;
        Ok(())
    }

    fn edit_text(&mut self, id: ObjectId, edit: &Edit) -> Result<(), OpError> {
        self.writable(id)?;
        let touched = self.touch(id)?;
        let after = edit.apply(&touched.text).ok_or(OpError::BadTextEdit)?;
        if after.len() > TEXT_BYTES_MAX {
            return Err(OpError::TextTooLong);
        }
        touched.text = after;
        self.hold(edit.inserted_bytes())
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

    /// What is cleared is written by the server, from what the sender may delete.
    fn clear(&mut self, clear: &Clear) -> Result<(), OpError> {
        if self.judges_sender() && !clear.ids.is_empty() {
            return Err(OpError::ServerOnly);
        }
        self.all_writable(&clear.ids)
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

    fn add_media(&mut self, media: &Media) -> Result<(), OpError> {
        if self.author != 0 {
            return Err(OpError::ServerOnly);
        }
        let known = self.view.document.media(&media.id).is_some();
        if known || !self.media.insert(media.id.clone()) {
            return Err(OpError::MediaExists);
        }
        let count = self.view.document.media_count() + self.media.len();
        if self.judges_sender() && count > limits::MEDIA_MAX {
            return Err(OpError::TooManyMedia);
        }
        Ok(())
    }

    fn version(&self, version: &Version) -> Result<(), OpError> {
        self.server_alone()?;
        if self.judges_sender() && !self.view.document.has_room_for_version() {
            return Err(OpError::TooManyVersions);
        }
        self.view.document.check_version(version)
    }

    fn revert(&mut self, revert: &Revert) -> Result<(), OpError> {
        self.server_alone()?;
        revert::fits(revert, self.view.document)?;
        self.hold(revert.content_bytes())
    }

    /// What speaks of the whole document stands alone in its batch, and is the server's.
    fn server_alone(&self) -> Result<(), OpError> {
        match (self.author, self.judged) {
            (0, 1) => Ok(()),
            (0, _) => Err(OpError::NotAlone),
            _ => Err(OpError::ServerOnly),
        }
    }

    fn judges_sender(&self) -> bool {
        self.rules != Rules::Log
    }

    fn own(&self, id: ObjectId) -> Result<(), OpError> {
        if id.author() != self.author {
            return Err(OpError::NotYours);
        }
        Ok(())
    }

    fn all_writable(&mut self, ids: &[ObjectId]) -> Result<(), OpError> {
        ids.iter().try_for_each(|&id| self.writable(id))
    }

    fn writable(&mut self, id: ObjectId) -> Result<(), OpError> {
        let author = self.author;
        self.touch(id)?;
        match self.rules {
            Rules::Sender(authority) | Rules::Replica(authority)
                if !(Sender { author, authority }).may_write(id) =>
            {
                Err(OpError::NotYours)
            }
            Rules::Sender(_) | Rules::Replica(_) | Rules::Log => Ok(()),
        }
    }

    fn touch(&mut self, id: ObjectId) -> Result<&mut Touched, OpError> {
        if !self.is_last(id) {
            let touched = match self.touched.remove(&id) {
                Some(touched) => touched,
                None => self.view.object(id).ok_or(OpError::UnknownObject)?.into(),
            };
            self.set_last(id, touched);
        }
        let (_, last) = self.last.as_mut().expect("it is the last one now");
        Ok(last)
    }

    fn is_last(&self, id: ObjectId) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| *last == id)
    }

    fn set_last(&mut self, id: ObjectId, touched: Touched) {
        if let Some((id, touched)) = self.last.replace((id, touched)) {
            self.touched.insert(id, touched);
        }
    }

    fn stroke(&mut self, id: ObjectId) -> Result<&mut StrokeTip, OpError> {
        self.touch(id)?;
        if self.judges_sender() {
            self.own(id)?;
        }
        let tip = self.touch(id)?.tip.as_mut();
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
