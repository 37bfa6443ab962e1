//! Checks to which all others come down.

use crate::WireError;

pub(super) type Checked = Result<(), WireError>;

pub(super) fn at_most(field: &'static str, length: usize, limit: usize) -> Checked {
    in_range(field, length <= limit)
}

pub(super) fn in_range(field: &'static str, holds: bool) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(WireError::OutOfRange { field })
    }
}
