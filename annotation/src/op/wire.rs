//! Ops from and to the wire.

use super::{AddAuthor, Batch, Clear, Create, Op, Scope};
use crate::object::{Kind, ObjectId, Property, id_from_wire, many_ids_from_wire, required};
use crate::stroke::Chunk;
use crate::text::Edit;
use crate::{ApplyError, OpError};
use fmz_proto::limits::SESSION_KEY_BYTES;
use fmz_proto::{WireError, v1, validate_op};

impl TryFrom<&v1::Op> for Op {
    type Error = OpError;

    fn try_from(op: &v1::Op) -> Result<Self, OpError> {
        use v1::op::Op as Wire;
        if !matches!(
            op.op,
            Some(Wire::AuthorAdded(_) | Wire::MediaAdded(_) | Wire::Commit(_) | Wire::Revert(_))
        ) {
            validate_op(op)?;
        }
        Ok(from_valid(op)?)
    }
}

/// Converts what [`validate_op`] passed, or what only the server writes.
pub(super) fn from_valid(op: &v1::Op) -> Result<Op, WireError> {
    use v1::op::Op as Wire;
    Ok(match required("op", &op.op)? {
        Wire::Create(create) => Op::Create(create.try_into()?),
        Wire::Set(set) => Op::Set {
            id: id_from_wire(&set.id)?,
            property: required("set.property", &set.property)?.try_into()?,
        },
        Wire::Add(add) => Op::Add {
            id: id_from_wire(&add.id)?,
            offset: (*required("add.offset", &add.offset)?).into(),
        },
        Wire::StrokeAppend(append) => Op::StrokeAppend {
            id: id_from_wire(&append.id)?,
            chunk: Chunk::from_wire(required("stroke_append.points", &append.points)?)?,
        },
        Wire::StrokeEnd(end) => Op::StrokeEnd {
            id: id_from_wire(&end.id)?,
            sum: end.into(),
        },
        Wire::SetDeleted(set) => Op::SetDeleted {
            ids: many_ids_from_wire(&set.ids)?,
            deleted: set.deleted,
        },
        Wire::Clear(clear) => Op::Clear(clear.try_into()?),
        Wire::TextEdit(edit) => Op::TextEdit {
            id: id_from_wire(&edit.id)?,
            edit: Edit::from_wire(&edit.steps)?,
        },
        Wire::AuthorAdded(added) => Op::AddAuthor(added.try_into()?),
        Wire::MediaAdded(added) => {
            Op::AddMedia(required("media_added.media", &added.media)?.try_into()?)
        }
        Wire::Commit(commit) => {
            Op::Commit(required("commit.version", &commit.version)?.try_into()?)
        }
        Wire::Revert(revert) => Op::Revert(revert.try_into()?),
    })
}

impl From<&Op> for v1::Op {
    fn from(op: &Op) -> Self {
        use v1::op::Op as Wire;
        let op = match op {
            Op::Create(create) => Wire::Create(create.into()),
            Op::Set { id, property } => Wire::Set(v1::Set {
                id: Some(id.into()),
                property: Some(property.into()),
            }),
            Op::Add { id, offset } => Wire::Add(v1::Add {
                id: Some(id.into()),
                offset: Some((*offset).into()),
            }),
            Op::StrokeAppend { id, chunk } => Wire::StrokeAppend(v1::StrokeAppend {
                id: Some(id.into()),
                points: chunk.to_wire(),
            }),
            Op::StrokeEnd { id, sum } => Wire::StrokeEnd(sum.to_wire(id.into())),
            Op::SetDeleted { ids, deleted } => Wire::SetDeleted(v1::SetDeleted {
                ids: ids.iter().map(Into::into).collect(),
                deleted: *deleted,
            }),
            Op::Clear(clear) => Wire::Clear(clear.into()),
            Op::TextEdit { id, edit } => Wire::TextEdit(edit.to_wire(*id)),
            Op::AddAuthor(added) => Wire::AuthorAdded(added.into()),
            Op::AddMedia(media) => Wire::MediaAdded(v1::MediaAdded {
                media: Some(media.into()),
            }),
            Op::Commit(version) => Wire::Commit(v1::Commit {
                version: Some(version.into()),
            }),
            Op::Revert(revert) => Wire::Revert(revert.into()),
        };
        Self { op: Some(op) }
    }
}

impl TryFrom<&v1::Create> for Create {
    type Error = WireError;

    fn try_from(create: &v1::Create) -> Result<Self, WireError> {
        let properties: Result<Vec<Property>, _> =
            create.properties.iter().map(Property::try_from).collect();
        Ok(Self {
            id: id_from_wire(&create.id)?,
            kind: Kind::from_wire(create.kind)?,
            frame: required("create.frame", &create.frame)?.into(),
            parent: create.parent.as_ref().map(ObjectId::try_from).transpose()?,
            properties: last_of_each(properties?),
        })
    }
}

/// Keeps the last value of each property: what counts in the end, and a bound on
/// the size of a create.
fn last_of_each(properties: Vec<Property>) -> Vec<Property> {
    let mut kept: Vec<Property> = Vec::new();
    for property in properties {
        kept.retain(|other| other.key() != property.key());
        kept.push(property);
    }
    kept
}

impl From<&Create> for v1::Create {
    fn from(create: &Create) -> Self {
        Self {
            id: Some((&create.id).into()),
            kind: create.kind.to_wire(),
            frame: Some((&create.frame).into()),
            properties: create.properties.iter().map(Into::into).collect(),
            parent: create.parent.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<&v1::Clear> for Clear {
    type Error = WireError;

    fn try_from(clear: &v1::Clear) -> Result<Self, WireError> {
        let scope = match required("clear.scope", &clear.scope)? {
            v1::clear::Scope::All(_) => Scope::All,
            v1::clear::Scope::Frames(scope) => Scope::Frames {
                of: scope.into(),
                frames: (*required("clear.frames", &scope.frames)?).into(),
            },
        };
        Ok(Self {
            scope,
            seen: clear.seen,
            ids: many_ids_from_wire(&clear.ids)?,
        })
    }
}

impl From<&Clear> for v1::Clear {
    fn from(clear: &Clear) -> Self {
        let scope = match &clear.scope {
            Scope::All => v1::clear::Scope::All(true),
            Scope::Frames { of, frames } => v1::clear::Scope::Frames(of.to_wire(*frames)),
        };
        Self {
            scope: Some(scope),
            seen: clear.seen,
            ids: clear.ids.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<&v1::AuthorAdded> for AddAuthor {
    type Error = WireError;

    fn try_from(added: &v1::AuthorAdded) -> Result<Self, WireError> {
        let field = "author_added.author";
        Ok(Self {
            author: Some(added.author)
                .filter(|&author| author > 0)
                .ok_or(WireError::OutOfRange { field })?,
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: session_key_from_wire(&added.session_key)?,
        })
    }
}

pub(crate) fn session_key_from_wire(key: &[u8]) -> Result<[u8; SESSION_KEY_BYTES], WireError> {
    let field = "session_key";
    key.try_into().map_err(|_| WireError::OutOfRange { field })
}

impl From<&AddAuthor> for v1::AuthorAdded {
    fn from(added: &AddAuthor) -> Self {
        Self {
            author: added.author,
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: added.session_key.to_vec().into(),
        }
    }
}

impl TryFrom<&v1::CommittedBatch> for Batch {
    type Error = ApplyError;

    fn try_from(batch: &v1::CommittedBatch) -> Result<Self, ApplyError> {
        let ops: Result<Vec<Op>, _> = (batch.first_revision..)
            .zip(&batch.ops)
            .map(|(revision, op)| {
                Op::try_from(op).map_err(|source| ApplyError::Op { revision, source })
            })
            .collect();
        Ok(Self {
            first_revision: batch.first_revision,
            author: batch.author,
            client_seq: batch.client_seq,
            committed_ms: batch.committed_ms,
            state_hash: batch.state_hash,
            ops: ops?,
        })
    }
}
