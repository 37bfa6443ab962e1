//! Checks ranges of properties, and of the ops that name objects.

use super::check::{Checked, at_most, in_range};
use super::media::validate_reference;
use super::{validate_id, validate_publication};
use crate::v1::{
    Add, Clear, FrameRange, FrameScope, Point, Property, SetDeleted, Status, clear, property,
};
use crate::{WireError, limits};

pub(super) fn validate_deleted(deleted: &SetDeleted) -> Checked {
    in_range(
        "set_deleted.ids",
        (1..=limits::DELETE_OBJECTS_MAX).contains(&deleted.ids.len()),
    )?;
    deleted.ids.iter().try_for_each(|id| validate_id(Some(id)))
}

pub(super) fn validate_add(add: &Add) -> Checked {
    validate_id(add.id.as_ref())?;
    let offset = add.offset.as_ref().ok_or(WireError::Missing {
        field: "add.offset",
    })?;
    validate_near("add.offset", offset, limits::ADD_MAX)
}

pub(super) fn validate_clear(clear: &Clear) -> Checked {
    let scope = clear.scope.as_ref().ok_or(WireError::Missing {
        field: "clear.scope",
    })?;
    match scope {
        clear::Scope::All(all) => in_range("clear.all", *all)?,
        clear::Scope::Frames(frames) => validate_frames(frames)?,
    }
    in_range("clear.ids", clear.ids.len() <= limits::CLEAR_OBJECTS_MAX)?;
    clear.ids.iter().try_for_each(|id| validate_id(Some(id)))
}

fn validate_frames(scope: &FrameScope) -> Checked {
    validate_publication(&scope.publication)?;
    validate_reference("frames.media", &scope.media)?;
    let one = scope.publication.is_empty() || scope.media.is_empty();
    in_range("frames.publication", one)?;
    validate_range(scope.frames.as_ref().ok_or(WireError::Missing {
        field: "clear.frames",
    })?)
}

fn validate_range(range: &FrameRange) -> Checked {
    in_range("frames", range.first <= range.last)
}

/// Checks one property, whatever op it is in.
///
/// # Errors
/// [`WireError`] if it has no value, or one out of range.
pub fn validate_property(property: &Property) -> Checked {
    use property::Value;
    match property.value.as_ref().ok_or(WireError::Missing {
        field: "property.value",
    })? {
        Value::Color(_) | Value::Deleted(_) => Ok(()),
        Value::Width(width) => in_range("width", (1..=limits::WIDTH_MAX).contains(width)),
        Value::Start(point) | Value::End(point) => validate_point(point),
        Value::Text(text) => at_most("text", text.len(), limits::TEXT_BYTES_MAX),
        Value::Softness(percent) => in_range("softness", *percent <= limits::SOFTNESS_MAX),
        Value::Hold(hold) => hold.range.as_ref().map_or(Ok(()), validate_range),
        Value::Order(key) => validate_order(key),
        Value::Status(status) => in_range("status", Status::try_from(*status).is_ok()),
        Value::Assignee(who) => at_most("assignee", who.len(), limits::ASSIGNEE_BYTES_MAX),
        Value::Redaction(radius) => in_range("redaction", *radius <= limits::WIDTH_MAX),
        Value::Stamp(name) => at_most("stamp", name.len(), limits::STAMP_BYTES_MAX),
        Value::Offset(offset) => validate_near("offset", offset, limits::OFFSET_MAX),
    }
}

fn validate_order(key: &[u8]) -> Checked {
    at_most("order", key.len(), limits::ORDER_BYTES_MAX)?;
    in_range("order", key.last() != Some(&0))
}

pub(super) fn validate_point(point: &Point) -> Checked {
    validate_near("point", point, limits::COORDINATE_MAX)
}

fn validate_near(field: &'static str, point: &Point, limit: i32) -> Checked {
    let near = |value: i32| value.unsigned_abs() <= limit.unsigned_abs();
    in_range(field, near(point.x) && near(point.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Hold, ObjectId};
    use property::Value;

    fn property(value: Value) -> Checked {
        validate_property(&Property { value: Some(value) })
    }

    fn range(first: u32, last: u32) -> Option<FrameRange> {
        Some(FrameRange { first, last })
    }

    #[test]
    fn wire7_properties_at_the_bound_pass_and_over_it_do_not() {
        let far = limits::OFFSET_MAX;
        let cases = [
            (Value::Text("x".repeat(limits::TEXT_BYTES_MAX)), true),
            (Value::Text("x".repeat(limits::TEXT_BYTES_MAX + 1)), false),
            (Value::Softness(limits::SOFTNESS_MAX), true),
            (Value::Softness(limits::SOFTNESS_MAX + 1), false),
            (Value::Hold(Hold { range: None }), true),
            (Value::Hold(Hold { range: range(3, 3) }), true),
            (Value::Hold(Hold { range: range(4, 3) }), false),
            (Value::Order(vec![].into()), true),
            (Value::Order(vec![1; limits::ORDER_BYTES_MAX].into()), true),
            (
                Value::Order(vec![1; limits::ORDER_BYTES_MAX + 1].into()),
                false,
            ),
            (Value::Order(vec![1, 0].into()), false),
            (Value::Status(Status::Rejected.into()), true),
            (Value::Status(5), false),
            (
                Value::Assignee("x".repeat(limits::ASSIGNEE_BYTES_MAX)),
                true,
            ),
            (
                Value::Assignee("x".repeat(limits::ASSIGNEE_BYTES_MAX + 1)),
                false,
            ),
            (Value::Redaction(limits::WIDTH_MAX), true),
            (Value::Redaction(limits::WIDTH_MAX + 1), false),
            (Value::Stamp("x".repeat(limits::STAMP_BYTES_MAX)), true),
            (Value::Stamp("x".repeat(limits::STAMP_BYTES_MAX + 1)), false),
            (Value::Offset(Point { x: far, y: -far }), true),
            (Value::Offset(Point { x: far + 1, y: 0 }), false),
        ];
        for (value, passes) in cases {
            assert_eq!(property(value.clone()).is_ok(), passes, "{value:?}");
        }
    }

    #[test]
    fn wire7_lists_of_objects_are_bounded() {
        let ids = |count| {
            vec![
                ObjectId {
                    author: 1,
                    counter: 1
                };
                count
            ]
        };
        let deleted = |count| {
            validate_deleted(&SetDeleted {
                ids: ids(count),
                deleted: true,
            })
        };
        assert!(deleted(limits::DELETE_OBJECTS_MAX).is_ok());
        assert!(deleted(limits::DELETE_OBJECTS_MAX + 1).is_err());
        assert!(deleted(0).is_err());
        let clear = |count| {
            validate_clear(&Clear {
                scope: Some(clear::Scope::All(true)),
                seen: 0,
                ids: ids(count),
            })
        };
        assert!(clear(limits::CLEAR_OBJECTS_MAX).is_ok());
        assert!(clear(limits::CLEAR_OBJECTS_MAX + 1).is_err());
    }

    #[test]
    fn wire7_a_clear_has_a_scope() {
        let clear = |scope| {
            let clear = Clear {
                scope,
                seen: 0,
                ids: vec![],
            };
            validate_clear(&clear).map_err(|error| error.code())
        };
        let frames = |frames| {
            Some(clear::Scope::Frames(FrameScope {
                frames,
                ..FrameScope::default()
            }))
        };
        assert_eq!(clear(None), Err("missing_field"));
        assert_eq!(clear(Some(clear::Scope::All(false))), Err("out_of_range"));
        assert_eq!(clear(frames(None)), Err("missing_field"));
        assert_eq!(clear(frames(range(2, 1))), Err("out_of_range"));
        assert_eq!(clear(frames(range(1, 2))), Ok(()));
        let of = |publication: &str, media: &str| {
            clear(Some(clear::Scope::Frames(FrameScope {
                publication: publication.into(),
                frames: range(1, 2),
                media: media.into(),
            })))
        };
        assert_eq!(of("", "film"), Ok(()));
        assert_eq!(of("p-1-1", "film"), Err("out_of_range"), "one of both");
        assert_eq!(of("", "no id"), Err("out_of_range"));
    }
}
