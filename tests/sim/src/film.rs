//! The films that pages send.

use fmz_proto::v1;

/// Ids of the films that pages send. All pages send the same two, again and again.
pub(crate) const FILMS: [&str; 2] = ["film-a", "film-b"];

/// Describes a film as every publisher does.
pub(crate) fn film(id: &str) -> v1::Media {
    v1::Media {
        id: id.into(),
        name: id.to_uppercase(),
        num: 24,
        den: 1,
        frames: 10_000,
        ..v1::Media::default()
    }
}
