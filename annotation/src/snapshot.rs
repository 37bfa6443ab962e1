//! The document as a snapshot and back, exactly.

use crate::document::{Author, Document};
use crate::limits::REVISION_MAX;
use crate::object::{KEYS, Kind, Object, ObjectId, PENDING, Shape, Writer};
use crate::op::{id_from_wire, required, session_key_from_wire};
use crate::stroke::Chunk;
use crate::version::FrameIndex;
use crate::{Point, SnapshotError, Stroke};
use fmz_proto::limits::{COORDINATE_MAX, TEXT_BYTES_MAX, WIDTH_MAX};
use fmz_proto::{WireError, v1};

impl Document {
    /// Writes the document down, objects and authors in order of their ids.
    pub fn snapshot(&self) -> v1::DocumentSnapshot {
        v1::DocumentSnapshot {
            revision: self.revision,
            objects: self.objects.values().map(Object::to_state).collect(),
            authors: self.authors().map(author_to_state).collect(),
            frames: self.frames.to_wire(),
        }
    }

    /// Reads a document from a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError`] where the snapshot is not one that [`Self::snapshot`] could have written.
    pub fn from_snapshot(snapshot: v1::DocumentSnapshot) -> Result<Self, SnapshotError> {
        let mut document = Self {
            revision: snapshot.revision,
            ..Self::default()
        };
        in_range("snapshot.revision", snapshot.revision <= REVISION_MAX)?;
        for state in snapshot.authors {
            document.read_author(state)?;
        }
        for state in snapshot.objects {
            document.read_object(state)?;
        }
        document.frames =
            FrameIndex::from_wire(&snapshot.frames, document.objects(), document.revision)?;
        Ok(document)
    }

    fn read_author(&mut self, state: v1::AuthorState) -> Result<(), SnapshotError> {
        if self.authors.last_key_value().map_or(0, |(&last, _)| last) >= state.author {
            return Err(SnapshotError::Order("authors"));
        }
        let author = Author {
            session_key: session_key_from_wire(&state.session_key)?,
            identity: state.identity,
            name: state.name,
            last_client_seq: state.last_client_seq,
        };
        self.authors.insert(state.author, author);
        Ok(())
    }

    fn read_object(&mut self, state: v1::ObjectState) -> Result<(), SnapshotError> {
        let object = Object::from_state(state)?;
        self.check_writers(&object)?;
        let last = self.objects.last_key_value();
        let rises = last.is_none_or(|(&last, _)| last < object.id);
        if !rises || self.order.contains_key(&object.created_revision) {
            return Err(SnapshotError::Order("objects"));
        }
        self.insert(object);
        Ok(())
    }

    fn check_writers(&self, object: &Object) -> Result<(), WireError> {
        let known = |author| author == 0 || self.authors.contains_key(&author);
        let created = object.created_revision;
        let fits = |writer: &Writer| {
            (created..=self.revision).contains(&writer.revision) && known(writer.author)
        };
        in_range("object.id", known(object.id.author()))?;
        in_range("object.created_revision", created > 0)?;
        in_range("object.writers", object.writers.iter().all(fits))
    }
}

fn author_to_state((number, author): (u32, &Author)) -> v1::AuthorState {
    v1::AuthorState {
        author: number,
        identity: author.identity.clone(),
        name: author.name.clone(),
        session_key: author.session_key.to_vec().into(),
        last_client_seq: author.last_client_seq,
    }
}

impl Object {
    /// The object on the wire, with its writers.
    pub fn to_state(&self) -> v1::ObjectState {
        v1::ObjectState {
            created_revision: self.created_revision,
            writers: self.writers.iter().map(|writer| writer.revision).collect(),
            writer_authors: self.writers.iter().map(|writer| writer.author).collect(),
            ..self.to_shown(false)
        }
    }

    /// The object as a page shows it: without writers, revision 0 while the server has not created it.
    pub(crate) fn to_shown(&self, pending: bool) -> v1::ObjectState {
        let stroke = self.shape.stroke();
        v1::ObjectState {
            id: Some((&self.id).into()),
            kind: self.shape.kind().to_wire(),
            frame: Some((&self.frame).into()),
            created_revision: Some(self.created_revision)
                .filter(|&revision| revision != PENDING)
                .unwrap_or_default(),
            created_ms: self.created_ms,
            color: self.color,
            width: self.width,
            start: Some(self.start.into()),
            end: Some(self.end.into()),
            text: self.text.clone(),
            points: stroke.and_then(|stroke| stroke.to_chunk().to_wire()),
            ended: stroke.is_some_and(Stroke::ended),
            deleted: self.deleted,
            writers: Vec::new(),
            pending,
            writer_authors: Vec::new(),
        }
    }

    fn from_state(state: v1::ObjectState) -> Result<Self, WireError> {
        in_range("object.width", (1..=WIDTH_MAX).contains(&state.width))?;
        in_range("object.text", state.text.len() <= TEXT_BYTES_MAX)?;
        in_range("object.pending", !state.pending)?;
        Ok(Self {
            id: id_from_wire(&state.id)?,
            shape: shape_from_state(&state)?,
            frame: required("object.frame", &state.frame)?.into(),
            created_revision: state.created_revision,
            created_ms: state.created_ms,
            color: state.color,
            width: state.width,
            start: point_from_wire("object.start", &state.start)?,
            end: point_from_wire("object.end", &state.end)?,
            deleted: state.deleted,
            writers: writers_from_wire(&state.writers, &state.writer_authors)?,
            text: state.text,
        })
    }
}

fn shape_from_state(state: &v1::ObjectState) -> Result<Shape, WireError> {
    let kind = Kind::from_wire(state.kind)?;
    if kind == Kind::Brush {
        let chunk = state.points.as_ref().map(Chunk::from_wire).transpose()?;
        let stroke = Stroke::from_chunk(&chunk.unwrap_or_default(), state.ended)?;
        return Ok(Shape::Brush(stroke));
    }
    in_range("object.points", state.points.is_none() && !state.ended)?;
    Ok(kind.into())
}

fn point_from_wire(field: &'static str, point: &Option<v1::Point>) -> Result<Point, WireError> {
    let point = Point::from(*required(field, point)?);
    in_range(field, point.is_within(COORDINATE_MAX))?;
    Ok(point)
}

fn writers_from_wire(revisions: &[u64], authors: &[u32]) -> Result<[Writer; KEYS], WireError> {
    in_range("object.writers", revisions.len() == authors.len())?;
    let writers: Vec<Writer> = revisions
        .iter()
        .zip(authors)
        .map(|(&revision, &author)| Writer { revision, author })
        .collect();
    let field = "object.writers";
    writers
        .try_into()
        .map_err(|_| WireError::OutOfRange { field })
}

fn in_range(field: &'static str, holds: bool) -> Result<(), WireError> {
    if holds {
        Ok(())
    } else {
        Err(WireError::OutOfRange { field })
    }
}

/// Whether an id may be asked for from outside.
impl TryFrom<&v1::ObjectId> for ObjectId {
    type Error = WireError;

    fn try_from(id: &v1::ObjectId) -> Result<Self, WireError> {
        Self::new(id.author, id.counter).ok_or(WireError::OutOfRange { field: "id" })
    }
}
