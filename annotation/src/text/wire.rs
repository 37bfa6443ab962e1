//! Edits from and to the wire.

use super::{Edit, Step, TextChange};
use crate::ObjectId;
use crate::object::{id_from_wire, required};
use fmz_proto::{WireError, v1, validate_text_edit};

impl Edit {
    /// Reads the steps of a [`v1::TextEdit`] within the ranges of the wire.
    pub(crate) fn from_wire(steps: &[v1::TextStep]) -> Result<Self, WireError> {
        steps.iter().map(Step::try_from).collect()
    }

    /// Returns the edit as an op on an object's text.
    pub fn to_wire(&self, id: ObjectId) -> v1::TextEdit {
        v1::TextEdit {
            id: Some((&id).into()),
            steps: self.steps().iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<&v1::TextStep> for Step {
    type Error = WireError;

    fn try_from(step: &v1::TextStep) -> Result<Self, WireError> {
        use v1::text_step::Step as Wire;
        Ok(match required("text_edit.step", &step.step)? {
            Wire::Retain(count) => Self::Retain(*count),
            Wire::Insert(text) => Self::Insert(text.clone()),
            Wire::Delete(count) => Self::Delete(*count),
        })
    }
}

impl From<&Step> for v1::TextStep {
    fn from(step: &Step) -> Self {
        use v1::text_step::Step as Wire;
        let step = match step {
            Step::Retain(count) => Wire::Retain(*count),
            Step::Insert(text) => Wire::Insert(text.clone()),
            Step::Delete(count) => Wire::Delete(*count),
        };
        Self { step: Some(step) }
    }
}

/// Reads a change of a snapshot, within the ranges of the wire.
impl TryFrom<&v1::TextChange> for TextChange {
    type Error = WireError;

    fn try_from(change: &v1::TextChange) -> Result<Self, WireError> {
        let edit = required("text.edit", &change.edit)?;
        validate_text_edit(edit)?;
        Ok(Self {
            revision: change.revision,
            author: change.author,
            id: id_from_wire(&edit.id)?,
            edit: Edit::from_wire(&edit.steps)?,
        })
    }
}

impl From<&TextChange> for v1::TextChange {
    fn from(change: &TextChange) -> Self {
        Self {
            revision: change.revision,
            author: change.author,
            edit: Some(change.edit.to_wire(change.id)),
        }
    }
}
