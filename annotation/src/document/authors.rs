//! The authors of a document.

use super::{Author, Document};
use crate::object::ObjectId;
use std::ops::Bound;

impl Document {
    /// The highest counter among the objects of an author, 0 for none.
    pub fn last_counter(&self, author: u32) -> u32 {
        let (Some(first), Some(last)) = (ObjectId::new(author, 1), ObjectId::new(author, u32::MAX))
        else {
            return 0;
        };
        let newest = self.objects.range(first..=last).next_back();
        newest.map_or(0, |(id, _)| id.counter())
    }

    /// Who stands behind an author's number.
    pub fn author(&self, author: u32) -> Option<&Author> {
        self.authors.get(&author)
    }

    /// All authors in order of their numbers.
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

    /// Number of authors.
    pub fn author_count(&self) -> usize {
        self.authors.len()
    }

    /// The number that this person's session was given before. Newest first: those come back most.
    pub fn author_by_session(&self, identity: &str, session_key: &[u8]) -> Option<u32> {
        let same = |author: &Author| {
            author.identity == identity && author.session_key.as_slice() == session_key
        };
        let mut newest_first = self.authors.iter().rev();
        newest_first.find_map(|(&number, author)| same(author).then_some(number))
    }

    /// The number for the next new author.
    pub fn next_author(&self) -> u32 {
        let newest = self.authors.last_key_value();
        newest.map_or(1, |(&number, _)| number.saturating_add(1))
    }

    /// Number of an author's last batch in the document, 0 for none.
    pub fn last_client_seq(&self, author: u32) -> u64 {
        self.authors
            .get(&author)
            .map_or(0, |author| author.last_client_seq)
    }
}
