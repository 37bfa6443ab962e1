//! The document as a snapshot and back, exactly.

mod object;
mod texts;

use crate::SnapshotError;
use crate::document::{Author, Document};
use crate::limits::REVISION_MAX;
use crate::object::{Kind, Object, Writer};
use crate::op::session_key_from_wire;
use crate::version::FrameIndex;
use fmz_proto::{WireError, v1};

impl Document {
    /// Writes the document down, objects and authors in order of their ids.
    pub fn snapshot(&self) -> v1::DocumentSnapshot {
        v1::DocumentSnapshot {
            revision: self.revision,
            objects: self.objects.values().map(Object::to_state).collect(),
            authors: self.authors().map(author_to_state).collect(),
            frames: self.frames.to_wire(),
            versions: self.versions.to_wire(),
            media: self.all_media().map(Into::into).collect(),
            changed_revision: self.changed_revision,
            texts: self.texts.changes().map(Into::into).collect(),
            texts_complete_after: self.texts.complete_from(),
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
        for media in &snapshot.media {
            document.read_media(media)?;
        }
        document.read_objects(snapshot.objects)?;
        document.check_parents()?;
        let objects = document.objects.values_mut();
        document.frames = FrameIndex::from_wire(&snapshot.frames, objects, document.revision)?;
        for version in &snapshot.versions {
            let version = document.next_version(version)?;
            document.insert_version(version);
        }
        let changed = snapshot.changed_revision;
        in_range("snapshot.changed_revision", changed <= snapshot.revision)?;
        document.changed_revision = changed;
        document.read_texts(&snapshot.texts, snapshot.texts_complete_after)?;
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
            counted_hash: 0,
        };
        self.insert_author(state.author, author);
        Ok(())
    }

    /// Builds each index in one go, for they are then packed.
    fn read_objects(&mut self, states: Vec<v1::ObjectState>) -> Result<(), SnapshotError> {
        let objects: Result<Vec<_>, _> = states.into_iter().map(Object::from_state).collect();
        let mut objects = objects?;
        objects
            .iter()
            .try_for_each(|object| self.check_writers(object))?;
        let rises = objects.windows(2).all(|pair| pair[0].id < pair[1].id);
        if !rises || !created_once(&objects) {
            return Err(SnapshotError::Order("objects"));
        }
        objects.iter_mut().for_each(|object| self.count(object));
        let places = objects
            .iter()
            .map(|object| (object.drawing_place(), object.id));
        self.order = places.collect();
        self.objects = objects
            .into_iter()
            .map(|object| (object.id, object))
            .collect();
        Ok(())
    }

    fn check_writers(&self, object: &Object) -> Result<(), WireError> {
        let known = |author| author == 0 || self.authors.contains_key(&author);
        let created = object.created_revision;
        let fits = |writer: Writer| {
            (created + 1..=self.revision).contains(&writer.revision) && known(writer.author)
        };
        in_range("object.id", known(object.id.author()))?;
        let within = (1..=self.revision).contains(&created);
        in_range("object.created_revision", within)?;
        let restored = object.points_restored;
        let way_back = object.stroke.is_some() && (created + 1..=self.revision).contains(&restored);
        in_range("object.points_restored", restored == 0 || way_back)?;
        in_range("object.frame", self.check_stamp(&object.frame).is_ok())?;
        let mut writers = object.writers.iter().map(|(_, writer)| writer);
        in_range("object.writers", writers.all(fits))
    }

    /// Replies answer pins, and nothing else answers anything.
    fn check_parents(&self) -> Result<(), WireError> {
        let pin = |id| {
            self.object(id)
                .is_some_and(|object| object.kind == Kind::Pin)
        };
        self.objects.values().try_for_each(|object| {
            let reply = object.kind == Kind::Reply;
            let fits = object.parent.map_or(!reply, |parent| reply && pin(parent));
            in_range("object.parent", fits)
        })
    }
}

/// Whether no two were created by the same revision.
fn created_once(objects: &[Object]) -> bool {
    let mut created: Vec<_> = objects
        .iter()
        .map(|object| object.created_revision)
        .collect();
    created.sort_unstable();
    created.windows(2).all(|pair| pair[0] < pair[1])
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

fn in_range(field: &'static str, holds: bool) -> Result<(), WireError> {
    if holds {
        Ok(())
    } else {
        Err(WireError::OutOfRange { field })
    }
}
