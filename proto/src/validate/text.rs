//! Checks the range of a text edit.

use super::check::{Checked, at_most, in_range};
use super::validate_id;
use crate::v1::{TextEdit, TextStep, text_step::Step};
use crate::{WireError, limits};

/// Checks an edit of a text. No sum of the counts of one edit, or of the edits that it is moved
/// over, comes near an overflow.
///
/// # Errors
/// [`WireError`] for the first field that is missing or out of range.
pub fn validate_text_edit(edit: &TextEdit) -> Checked {
    validate_id(edit.id.as_ref())?;
    at_most("text_edit.steps", edit.steps.len(), limits::TEXT_STEPS_MAX)?;
    edit.steps.iter().try_for_each(validate_step)
}

fn validate_step(step: &TextStep) -> Checked {
    let field = "text_edit.step";
    let count = match step.step.as_ref().ok_or(WireError::Missing { field })? {
        Step::Retain(count) | Step::Delete(count) => *count as usize,
        Step::Insert(text) => text.len(),
    };
    in_range(field, (1..=limits::TEXT_BYTES_MAX).contains(&count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::ObjectId;

    fn check(steps: Vec<Step>) -> Result<(), &'static str> {
        let id = ObjectId {
            author: 1,
            counter: 1,
        };
        let steps = steps.into_iter().map(|step| TextStep { step: Some(step) });
        let edit = TextEdit {
            id: Some(id),
            steps: steps.collect(),
        };
        validate_text_edit(&edit).map_err(|error| error.code())
    }

    #[test]
    fn wire7_text_steps_at_the_bound_pass_and_over_it_do_not() {
        let most = limits::TEXT_BYTES_MAX;
        let count = most as u32;
        assert_eq!(check(vec![]), Ok(()));
        assert_eq!(check(vec![Step::Retain(1); limits::TEXT_STEPS_MAX]), Ok(()));
        let pass = vec![
            Step::Retain(count),
            Step::Delete(count),
            Step::Insert("x".repeat(most)),
        ];
        assert_eq!(check(pass), Ok(()));
        let refused = [
            vec![Step::Retain(1); limits::TEXT_STEPS_MAX + 1],
            vec![Step::Retain(0)],
            vec![Step::Delete(0)],
            vec![Step::Insert(String::new())],
            vec![Step::Retain(count + 1)],
            vec![Step::Delete(u32::MAX)],
            vec![Step::Insert("x".repeat(most + 1))],
        ];
        for steps in refused {
            assert_eq!(check(steps), Err("out_of_range"));
        }
    }
}
