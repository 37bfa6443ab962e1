//! Ops made from fuzzed choices.

use super::{AUTHORS, FILM};
use crate::input::Input;
use fmz_proto::points;
use fmz_proto::v1::{self, op::Op as Wire, property::Value};

pub(super) fn introduce(author: u32) -> Wire {
    let added = v1::AuthorAdded {
        author,
        identity: format!("a{author}"),
        name: String::new(),
        session_key: vec![author as u8; fmz_proto::limits::SESSION_KEY_BYTES].into(),
    };
    Wire::AuthorAdded(added)
}

/// The film that uncertain stamps are of; not all frames that come up are in it.
pub(super) fn film() -> Wire {
    let media = v1::Media {
        id: FILM.into(),
        num: 24,
        den: 1,
        frames: 4,
        ..v1::Media::default()
    };
    Wire::MediaAdded(v1::MediaAdded { media: Some(media) })
}

pub(super) fn op(input: &mut Input<'_>) -> v1::Op {
    let id = Some(v1::ObjectId {
        author: u32::from(input.below(AUTHORS + 1)),
        counter: u32::from(input.below(6)),
    });
    let op = match input.below(8) {
        create @ (0 | 1) => Wire::Create(v1::Create {
            id,
            kind: i32::from(input.below(13)),
            frame: Some(v1::FrameStamp {
                frame_index: input.flag().then(|| input.below(6).into()),
                // Neither field draws a byte of its own, so that the corpus keeps its meaning.
                uncertain: create == 1,
                media: if create == 1 { FILM } else { "" }.into(),
                ..v1::FrameStamp::default()
            }),
            properties: (0..input.below(3)).map(|_| property(input)).collect(),
            ..v1::Create::default()
        }),
        2 => Wire::Set(v1::Set {
            id,
            property: Some(property(input)),
        }),
        3 => Wire::StrokeAppend(append(id, input)),
        4 => Wire::StrokeEnd(v1::StrokeEnd {
            id,
            ..v1::StrokeEnd::default()
        }),
        5 => Wire::SetDeleted(v1::SetDeleted {
            ids: id.into_iter().collect(),
            deleted: input.flag(),
        }),
        6 => Wire::Add(v1::Add {
            id,
            offset: Some(point(input)),
        }),
        _ => Wire::Clear(v1::Clear {
            scope: Some(v1::clear::Scope::All(true)),
            seen: u64::from(input.byte()),
            ids: Vec::new(),
        }),
    };
    v1::Op { op: Some(op) }
}

fn append(id: Option<v1::ObjectId>, input: &mut Input<'_>) -> v1::StrokeAppend {
    let pressed = input.flag();
    let deltas: Vec<_> = (0..input.below(5)).map(|_| delta(input, pressed)).collect();
    v1::StrokeAppend {
        id,
        points: Some(points::encode(&deltas, pressed)),
    }
}

fn delta(input: &mut Input<'_>, pressed: bool) -> points::Delta {
    points::Delta {
        x: input.number(),
        y: input.number(),
        pressure: if pressed { input.number() } else { 0 },
    }
}

fn point(input: &mut Input<'_>) -> v1::Point {
    v1::Point {
        x: input.number(),
        y: input.number(),
    }
}

fn property(input: &mut Input<'_>) -> v1::Property {
    let value = match input.below(9) {
        0 => Value::Color(u32::from(input.byte())),
        1 => Value::Width(u32::from(input.byte())),
        2 => Value::Start(point(input)),
        3 => Value::End(point(input)),
        4 => Value::Softness(u32::from(input.byte())),
        5 => Value::Order(input.block().to_vec().into()),
        6 => Value::Status(i32::from(input.below(7))),
        7 => Value::Hold(v1::Hold {
            range: Some(v1::FrameRange {
                first: u32::from(input.byte()),
                last: u32::from(input.byte()),
            }),
        }),
        _ => Value::Text(String::from_utf8_lossy(input.block()).into_owned()),
    };
    v1::Property { value: Some(value) }
}
