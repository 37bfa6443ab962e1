//! Whether a way back fits a document.

use crate::object::Object;
use crate::version::{DeletedRuns, ObjectRestore, Restores, Revert};
use crate::{Document, OpError};
use fmz_proto::WireError;

/// Says whether the values of a way back fit the objects of a document.
pub(super) fn fits(revert: &Revert, document: &Document) -> Result<(), OpError> {
    let author = revert.author;
    if author != 0 && document.author(author).is_none() {
        return Err(OpError::UnknownAuthor { author });
    }
    in_range(
        "revert.target_revision",
        revert.target_revision <= document.revision(),
    )?;
    let Restores { objects, deleted } = &revert.restores;
    let rises = objects.windows(2).all(|pair| pair[0].id < pair[1].id);
    let once = objects
        .iter()
        .all(|restore| deleted.get(restore.id).is_none());
    in_range(
        "revert.restores",
        rises && once && !revert.restores.is_empty(),
    )?;
    all_known(deleted, document)?;
    objects.iter().try_for_each(|restore| {
        let object = document.object(restore.id).ok_or(OpError::UnknownObject)?;
        fits_stroke(restore, object)
    })
}

/// Refuses runs of objects that the document does not hold.
fn all_known(runs: &DeletedRuns, document: &Document) -> Result<(), OpError> {
    let known =
        |ids: std::ops::RangeInclusive<_>, count| document.objects.range(ids).count() == count;
    let all = runs.iter().all(|run| known(run.range(), run.len()));
    all.then_some(()).ok_or(OpError::UnknownObject)
}

fn fits_stroke(restore: &ObjectRestore, object: &Object) -> Result<(), OpError> {
    let Some(way) = &restore.stroke else {
        return Ok(());
    };
    let stroke = object.stroke().ok_or(OpError::NotAStroke)?;
    Ok(way.check(stroke)?)
}

fn in_range(field: &'static str, holds: bool) -> Result<(), WireError> {
    holds.then_some(()).ok_or(WireError::OutOfRange { field })
}
