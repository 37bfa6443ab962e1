//! The films that pages send.

use fmz_proto::v1;

/// Films that are sent, by whoever: again and again the same.
pub(crate) const FILMS: [&str; 2] = ["film-a", "film-b"];

/// A film as every publisher describes it.
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
