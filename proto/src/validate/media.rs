//! Media: their ids and descriptions.

use super::check::{Checked, at_most, in_range};
use crate::limits;
use crate::v1::{FrameMap, Media, Publish};

/// Beginning of the ids that only the server gives, to live sources.
pub const LIVE_MEDIA_PREFIX: &str = "m-";

/// Returns whether this could be a frame rate: both parts are in range (frame1).
fn is_rate(num: u32, den: u32) -> bool {
    (1..=1_000_000).contains(&num) && (1..=100_000).contains(&den)
}

/// Returns whether a text may be the id of a media: 1 to [`limits::MEDIA_ID_BYTES_MAX`] letters and
/// digits of ASCII, `-`, `_` and `.`, the first a letter or a digit.
pub fn is_media_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let first = id.bytes().next();
    id.len() <= limits::MEDIA_ID_BYTES_MAX
        && first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && id.bytes().all(plain)
}

/// Returns whether a publisher may give this id to a film: one that the server does not give
/// itself.
pub fn is_film_id(id: &str) -> bool {
    is_media_id(id) && !id.starts_with(LIVE_MEDIA_PREFIX)
}

/// Checks the description of a media.
///
/// # Errors
/// [`WireError`](crate::WireError) for the first field that is out of range.
pub fn validate_media(media: &Media) -> Checked {
    in_range("media.id", is_media_id(&media.id))?;
    at_most("media.name", media.name.len(), limits::MEDIA_NAME_BYTES_MAX)?;
    let counted = is_rate(media.num, media.den) || (media.num, media.den) == (0, 0);
    in_range("media.num", counted)?;
    at_most("media.reel", media.reel.len(), limits::REEL_BYTES_MAX)
}

/// Checks a publisher's description of its film; sound has no media.
pub(super) fn validate_film(publish: &Publish) -> Checked {
    let Some(media) = &publish.media else {
        return Ok(());
    };
    in_range("publish.media", publish.kind == 2)?;
    validate_media(media)?;
    in_range("media.id", is_film_id(&media.id))
}

/// Checks a reference to a media: its id, or nothing.
pub(super) fn validate_reference(field: &'static str, id: &str) -> Checked {
    in_range(field, id.is_empty() || is_media_id(id))
}

pub(super) fn validate_map_rate(map: &FrameMap) -> Checked {
    in_range("frame_map.num", is_rate(map.num, map.den))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media11_ids_are_short_and_of_few_characters() {
        let longest = "x".repeat(limits::MEDIA_ID_BYTES_MAX);
        for id in ["7", "b3-00ff", "Reel_4.2", &longest] {
            assert!(is_media_id(id) && is_film_id(id), "{id}");
        }
        let too_long = "x".repeat(limits::MEDIA_ID_BYTES_MAX + 1);
        for id in ["", "-a", ".", "a b", "a/b", "a\n", "ä", "a\0", &too_long] {
            assert!(!is_media_id(id), "{id:?}");
        }
        assert!(is_media_id("m-7") && !is_film_id("m-7"));
    }

    #[test]
    fn media11_descriptions_are_bounded() {
        let film = || Media {
            id: "film".into(),
            num: 24,
            den: 1,
            ..Media::default()
        };
        assert_eq!(validate_media(&film()), Ok(()));
        let uncounted = Media {
            num: 0,
            den: 0,
            ..film()
        };
        assert_eq!(validate_media(&uncounted), Ok(()));
        let long = |bytes: usize| "x".repeat(bytes);
        let bad = [
            Media {
                id: String::new(),
                ..film()
            },
            Media { num: 0, ..film() },
            Media { den: 0, ..film() },
            Media {
                num: 1_000_001,
                ..film()
            },
            Media {
                name: long(limits::MEDIA_NAME_BYTES_MAX + 1),
                ..film()
            },
            Media {
                reel: long(limits::REEL_BYTES_MAX + 1),
                ..film()
            },
        ];
        for media in bad {
            assert!(validate_media(&media).is_err(), "{media:?}");
        }
        let longest = Media {
            name: long(limits::MEDIA_NAME_BYTES_MAX),
            reel: long(limits::REEL_BYTES_MAX),
            ..film()
        };
        assert_eq!(validate_media(&longest), Ok(()));
    }

    #[test]
    fn media11_a_publisher_names_films_only() {
        let publish = |kind, id: &str| Publish {
            kind,
            media: Some(Media {
                id: id.into(),
                ..Media::default()
            }),
            ..Publish::default()
        };
        assert!(validate_film(&publish(2, "film")).is_ok());
        assert!(validate_film(&publish(1, "film")).is_err(), "sound");
        assert!(validate_film(&publish(2, "m-7")).is_err(), "the server's");
        assert!(validate_film(&Publish::default()).is_ok(), "a live source");
    }
}
