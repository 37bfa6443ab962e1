//! Restores, judged by a second implementation: value by value, from the states before the op,
//! behind it, and at its target.

use fmz_annotation::version::Scope;
use fmz_annotation::{Document, Key, Object, Property, Stroke};

/// Returns the first thing that a restore did and should not have done, or the other way round.
pub(super) fn led_astray(
    before: &Document,
    after: &Document,
    target: &Document,
    scope: &Scope,
    author: u32,
) -> Option<String> {
    if before.object_count() != after.object_count() {
        return Some("objects came or went".into());
    }
    let wrong = |object: &Object| {
        let way = Way {
            before: object,
            after: after.object(object.id())?,
            target: target.object(object.id()),
            scope,
            author,
            revision: after.revision(),
        };
        way.wrong()
    };
    before.objects().find_map(wrong)
}

struct Way<'a> {
    before: &'a Object,
    after: &'a Object,
    target: Option<&'a Object>,
    scope: &'a Scope,
    author: u32,
    revision: u64,
}

impl Way<'_> {
    fn wrong(&self) -> Option<String> {
        let id = self.before.id();
        let key = Key::ALL.into_iter().find(|key| {
            let value = self.after.value(*key);
            value != self.wanted(*key) || !self.is_written(*key, value != self.before.value(*key))
        });
        if let Some(key) = key {
            return Some(format!("{key:?} of {id:?} is {:?}", self.after.value(key)));
        }
        (self.after.stroke() != self.wanted_points()).then(|| format!("points of {id:?}"))
    }

    fn wanted(&self, key: Key) -> Property {
        let now = self.before.value(key);
        match self.target {
            _ if !self.is_of(self.before.writer(key).author) => now,
            Some(target) => target.value(key),
            None if key == Key::Deleted => Property::Deleted(true),
            None => now,
        }
    }

    fn wanted_points(&self) -> Option<&Stroke> {
        match self.target {
            Some(target) if self.is_of(self.before.id().author()) => target.stroke(),
            _ => self.before.stroke(),
        }
    }

    /// Returns whether the restorer is the writer of what the restore changed, and of nothing else.
    fn is_written(&self, key: Key, changed: bool) -> bool {
        let writer = self.after.writer(key);
        match changed {
            true => (writer.author, writer.revision) == (self.author, self.revision),
            false => writer == self.before.writer(key),
        }
    }

    /// Returns whether a value of this writer is in the scope.
    fn is_of(&self, writer: u32) -> bool {
        let authors = self.scope.authors.as_ref();
        let by = authors.is_none_or(|authors| authors.contains(&writer));
        let stamp = self.before.frame();
        let on = self.scope.frames.as_ref().is_none_or(|(of, range)| {
            let index = stamp.index();
            index.is_some_and(|(own, frame)| own == *of && range.contains(&frame))
        });
        by && on
    }
}
