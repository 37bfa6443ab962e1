//! Reverts from and to the wire.

use super::deleted::DeletedRuns;
use super::revert::{ObjectRestore, Restores, Revert, Scope};
use super::stroke::StrokeRestore;
use crate::limits::SCOPE_AUTHORS_MAX;
use crate::object::{FrameRange, FramesOf, Property, id_from_wire, required};
use crate::stroke::Chunk;
use fmz_proto::limits::PUBLICATION_BYTES_MAX;
use fmz_proto::{WireError, is_media_id, v1};

impl TryFrom<&v1::Revert> for Revert {
    type Error = WireError;

    fn try_from(revert: &v1::Revert) -> Result<Self, WireError> {
        let objects: Result<Vec<_>, _> = revert
            .restores
            .iter()
            .map(ObjectRestore::try_from)
            .collect();
        let restores = Restores {
            objects: objects?,
            deleted: DeletedRuns::from_wire(&revert.deleted)?,
        };
        let scope = required("revert.scope", &revert.scope)?.try_into()?;
        Ok(Self::new(
            revert.target_revision,
            scope,
            revert.author,
            restores,
        ))
    }
}

impl From<&Revert> for v1::Revert {
    fn from(revert: &Revert) -> Self {
        Self {
            target_revision: revert.target_revision,
            scope: Some((&revert.scope).into()),
            author: revert.author,
            restores: revert.restores.objects.iter().map(Into::into).collect(),
            deleted: revert.restores.deleted.to_wire(),
        }
    }
}

impl TryFrom<&v1::RevertScope> for Scope {
    type Error = WireError;

    fn try_from(scope: &v1::RevertScope) -> Result<Self, WireError> {
        let rises = scope.authors.windows(2).all(|pair| pair[0] < pair[1]);
        in_range(
            "scope.authors",
            rises && scope.authors.len() <= SCOPE_AUTHORS_MAX,
        )?;
        in_range(
            "scope.authors",
            scope.of_authors || scope.authors.is_empty(),
        )?;
        let frames = scope.frames.as_ref().map(frames_from_wire).transpose()?;
        let authors = scope
            .of_authors
            .then(|| scope.authors.iter().copied().collect());
        Ok(Self { authors, frames })
    }
}

fn frames_from_wire(
    scope: &v1::FrameScope,
) -> Result<(FramesOf, std::ops::RangeInclusive<u32>), WireError> {
    let range = required("scope.frames", &scope.frames)?;
    let one = scope.publication.is_empty() || scope.media.is_empty();
    let short = scope.publication.len() <= PUBLICATION_BYTES_MAX;
    in_range("scope.publication", short && one)?;
    in_range(
        "scope.media",
        scope.media.is_empty() || is_media_id(&scope.media),
    )?;
    in_range("scope.frames", range.first <= range.last)?;
    Ok((scope.into(), range.first..=range.last))
}

impl From<&Scope> for v1::RevertScope {
    fn from(scope: &Scope) -> Self {
        let frames = scope.frames.as_ref().map(|(of, range)| {
            let (first, last) = (*range.start(), *range.end());
            of.to_wire(FrameRange { first, last })
        });
        Self {
            of_authors: scope.authors.is_some(),
            authors: scope.authors.iter().flatten().copied().collect(),
            frames,
        }
    }
}

impl TryFrom<&v1::ObjectRestore> for ObjectRestore {
    type Error = WireError;

    fn try_from(restore: &v1::ObjectRestore) -> Result<Self, WireError> {
        let properties: Result<Vec<Property>, _> =
            restore.properties.iter().map(Property::try_from).collect();
        let properties = properties?;
        let rises = properties
            .windows(2)
            .all(|pair| pair[0].key() < pair[1].key());
        in_range("restore.properties", rises)?;
        let stroke = restore.stroke.as_ref().map(StrokeRestore::try_from);
        let stroke = stroke.transpose()?;
        in_range("restore", stroke.is_some() || !properties.is_empty())?;
        Ok(Self {
            id: id_from_wire(&restore.id)?,
            properties,
            stroke,
        })
    }
}

impl From<&ObjectRestore> for v1::ObjectRestore {
    fn from(restore: &ObjectRestore) -> Self {
        Self {
            id: Some((&restore.id).into()),
            properties: restore.properties.iter().map(Into::into).collect(),
            stroke: restore.stroke.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<&v1::StrokeRestore> for StrokeRestore {
    type Error = WireError;

    fn try_from(restore: &v1::StrokeRestore) -> Result<Self, WireError> {
        let rest = restore.rest.as_ref().map(Chunk::from_wire).transpose()?;
        Ok(Self {
            keep: restore.keep as usize,
            rest,
            ended: restore.ended,
        })
    }
}

impl From<&StrokeRestore> for v1::StrokeRestore {
    fn from(restore: &StrokeRestore) -> Self {
        Self {
            keep: restore.keep as u32,
            rest: restore.rest.as_ref().and_then(Chunk::to_wire),
            ended: restore.ended,
        }
    }
}

fn in_range(field: &'static str, holds: bool) -> Result<(), WireError> {
    holds.then_some(()).ok_or(WireError::OutOfRange { field })
}
