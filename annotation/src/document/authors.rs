//! The authors of a document.

use super::{Author, Document};
use crate::object::ObjectId;
use std::ops::Bound;

impl Document {
    /// Returns the highest counter among the objects of an author, 0 if there are none.
    pub fn last_counter(&self, author: u32) -> u32 {
        let (Some(first), Some(last)) = (ObjectId::new(author, 1), ObjectId::new(author, u32::MAX))
        else {
            return 0;
        };
        let newest = self.objects.range(first..=last).next_back();
        newest.map_or(0, |(id, _)| id.counter())
    }

    /// Returns the author with a number.
    pub fn author(&self, author: u32) -> Option<&Author> {
        self.authors.get(&author)
    }

    /// Returns all authors in order of their numbers.
    pub fn authors(&self) -> impl Iterator<Item = (u32, &Author)> {
        self.authors
            .iter()
            .map(|(&number, author)| (number, author))
    }

    /// Returns the authors whose numbers are above one, in order.
    pub fn authors_after(&self, author: u32) -> impl Iterator<Item = (u32, &Author)> {
        let above = (Bound::Excluded(author), Bound::Unbounded);
        let authors = self.authors.range(above);
        authors.map(|(&number, author)| (number, author))
    }

    /// Returns the number of authors.
    pub fn author_count(&self) -> usize {
        self.authors.len()
    }

    /// Returns the number that this person's session was given before. It searches from the newest,
    /// for those come back most.
    pub fn author_by_session(&self, identity: &str, session_key: &[u8]) -> Option<u32> {
        let same = |author: &Author| {
            author.identity == identity && author.session_key.as_slice() == session_key
        };
        let mut newest_first = self.authors.iter().rev();
        newest_first.find_map(|(&number, author)| same(author).then_some(number))
    }

    /// Returns the number for the next new author.
    pub fn next_author(&self) -> u32 {
        let newest = self.authors.last_key_value();
        newest.map_or(1, |(&number, _)| number.saturating_add(1))
    }

    /// Returns the number of an author's last batch in the document, 0 if there is none.
    pub fn last_client_seq(&self, author: u32) -> u64 {
        self.authors
            .get(&author)
            .map_or(0, |author| author.last_client_seq)
    }
}
