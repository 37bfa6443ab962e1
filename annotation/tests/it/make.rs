//! Ops in short form.

use fmz_annotation::{Document, Drawn, FramesOf};
use fmz_proto::points::{self, Delta, PRESSURE_UNKNOWN};
use fmz_proto::v1::{self, op, property};
use proptest::test_runner::{Config, RngSeed};

/// Property tests run the same cases everywhere.
pub(crate) fn cases(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(4),
        failure_persistence: None,
        ..Config::default()
    }
}

pub(crate) fn id(author: u32, counter: u32) -> Option<v1::ObjectId> {
    Some(v1::ObjectId { author, counter })
}

pub(crate) fn own_id(author: u32, counter: u32) -> fmz_annotation::ObjectId {
    fmz_annotation::ObjectId::new(author, counter).expect("tests count from 1")
}

fn wrap(op: op::Op) -> v1::Op {
    v1::Op { op: Some(op) }
}

pub(crate) fn create(
    id: Option<v1::ObjectId>,
    kind: v1::Kind,
    properties: Vec<v1::Property>,
) -> v1::Op {
    create_kind(id, kind.into(), properties)
}

/// A create of a kind by its number, known or not.
pub(crate) fn create_kind(
    id: Option<v1::ObjectId>,
    kind: i32,
    properties: Vec<v1::Property>,
) -> v1::Op {
    wrap(op::Op::Create(v1::Create {
        id,
        kind,
        parent: None,
        frame: Some(v1::FrameStamp {
            publication: "p-1-1".into(),
            rtp_timestamp: -90_000,
            frame_index: Some(24),
            epoch: 1,
            ..v1::FrameStamp::default()
        }),
        properties,
    }))
}

/// A create with another stamp.
pub(crate) fn stamped(mut created: v1::Op, stamp: v1::FrameStamp) -> v1::Op {
    if let Some(op::Op::Create(create)) = &mut created.op {
        create.frame = Some(stamp);
    }
    created
}

/// A create whose stamp may be one picture off.
pub(crate) fn uncertain(mut created: v1::Op) -> v1::Op {
    if let Some(op::Op::Create(create)) = &mut created.op {
        create.frame.get_or_insert_default().uncertain = true;
    }
    created
}

pub(crate) fn brush(id: Option<v1::ObjectId>) -> v1::Op {
    create(id, v1::Kind::Brush, Vec::new())
}

pub(crate) fn property(value: property::Value) -> v1::Property {
    v1::Property { value: Some(value) }
}

pub(crate) fn color(color: u32) -> v1::Property {
    property(property::Value::Color(color))
}

pub(crate) fn text(text: &str) -> v1::Property {
    property(property::Value::Text(text.into()))
}

pub(crate) fn end_at(x: i32, y: i32) -> v1::Property {
    property(property::Value::End(v1::Point { x, y }))
}

pub(crate) fn set(id: Option<v1::ObjectId>, property: v1::Property) -> v1::Op {
    let property = Some(property);
    wrap(op::Op::Set(v1::Set { id, property }))
}

/// Points as deltas, with the pressure of each or none; it is the first of the
/// stroke with pressure.
pub(crate) fn append(id: Option<v1::ObjectId>, deltas: &[(i32, i32)], pressure: &[u8]) -> v1::Op {
    let mut before = i32::from(PRESSURE_UNKNOWN);
    let unknown = std::iter::repeat(&PRESSURE_UNKNOWN);
    let deltas: Vec<Delta> = deltas
        .iter()
        .zip(pressure.iter().chain(unknown))
        .map(|(&(x, y), &pressure)| {
            let pressure = i32::from(pressure) - std::mem::replace(&mut before, pressure.into());
            Delta { x, y, pressure }
        })
        .collect();
    append_deltas(id, &deltas, !pressure.is_empty())
}

pub(crate) fn append_deltas(id: Option<v1::ObjectId>, deltas: &[Delta], pressed: bool) -> v1::Op {
    let points = Some(points::encode(deltas, pressed));
    wrap(op::Op::StrokeAppend(v1::StrokeAppend { id, points }))
}

/// How many points a stroke has.
pub(crate) fn point_count(object: &v1::ObjectState) -> usize {
    deltas_of(object).len()
}

/// The deltas from point to point of a stroke.
pub(crate) fn deltas_of(object: &v1::ObjectState) -> Vec<Delta> {
    let deltas = |points| {
        points::decode(points, usize::MAX)
            .expect("a document wrote it")
            .deltas
    };
    object.points.as_ref().map(deltas).unwrap_or_default()
}

/// An edit of a text: keeps `at`, takes out `delete`, puts `insert` there.
pub(crate) fn edit(id: Option<v1::ObjectId>, at: u32, delete: u32, insert: &str) -> v1::Op {
    use v1::text_step::Step;
    let steps = [
        Some(Step::Retain(at)).filter(|_| at > 0),
        Some(Step::Insert(insert.into())).filter(|_| !insert.is_empty()),
        Some(Step::Delete(delete)).filter(|_| delete > 0),
    ];
    let steps = steps.into_iter().flatten();
    let steps = steps
        .map(|step| v1::TextStep { step: Some(step) })
        .collect();
    wrap(op::Op::TextEdit(v1::TextEdit { id, steps }))
}

/// The end of a stroke as a page says it: a replica knows the points.
pub(crate) fn end(id: Option<v1::ObjectId>) -> v1::Op {
    let end = v1::StrokeEnd::default();
    wrap(op::Op::StrokeEnd(v1::StrokeEnd { id, ..end }))
}

/// The end of a stroke that was drawn by these appends.
pub(crate) fn end_of(id: Option<v1::ObjectId>, appends: &[v1::Op]) -> v1::Op {
    let points = appends.iter().filter_map(|op| match &op.op {
        Some(op::Op::StrokeAppend(append)) => append.points.as_ref(),
        _ => None,
    });
    end_with(id, points)
}

/// The end of a stroke as a document holds it.
pub(crate) fn end_in(document: &Document, id: Option<v1::ObjectId>) -> v1::Op {
    let own = id.map(|id| own_id(id.author, id.counter));
    let object = own.and_then(|own| document.object(own));
    let points = object.and_then(|object| object.to_state().points);
    end_with(id, points.iter())
}

fn end_with<'a>(
    id: Option<v1::ObjectId>,
    points: impl Iterator<Item = &'a v1::StrokePoints>,
) -> v1::Op {
    let mut stroke = Drawn::default();
    for points in points {
        stroke.append(points).expect("points are in range");
    }
    let id = id.expect("an end names its stroke");
    wrap(op::Op::StrokeEnd(stroke.end(id)))
}

pub(crate) fn deleted(id: Option<v1::ObjectId>, to: bool) -> v1::Op {
    all_deleted(id.into_iter().collect(), to)
}

pub(crate) fn all_deleted(ids: Vec<v1::ObjectId>, deleted: bool) -> v1::Op {
    wrap(op::Op::SetDeleted(v1::SetDeleted { ids, deleted }))
}

pub(crate) fn reply(id: Option<v1::ObjectId>, parent: Option<v1::ObjectId>, words: &str) -> v1::Op {
    wrap(op::Op::Create(v1::Create {
        id,
        kind: v1::Kind::Reply.into(),
        parent,
        frame: Some(v1::FrameStamp::default()),
        properties: vec![text(words)],
    }))
}

pub(crate) fn add(id: Option<v1::ObjectId>, x: i32, y: i32) -> v1::Op {
    let offset = Some(v1::Point { x, y });
    wrap(op::Op::Add(v1::Add { id, offset }))
}

pub(crate) fn clear(scope: v1::clear::Scope) -> v1::Op {
    wrap(op::Op::Clear(v1::Clear {
        scope: Some(scope),
        seen: 0,
        ids: vec![],
    }))
}

pub(crate) fn clear_all() -> v1::Op {
    clear(v1::clear::Scope::All(true))
}

/// A clear of frames of the publication on which everything here is drawn.
pub(crate) fn clear_frames(first: u32, last: u32) -> v1::Op {
    clear(v1::clear::Scope::Frames(v1::FrameScope {
        publication: "p-1-1".into(),
        frames: Some(v1::FrameRange { first, last }),
        ..v1::FrameScope::default()
    }))
}

/// Frames of stamps that name a publication and no media.
pub(crate) fn frames_of(publication: &str) -> FramesOf {
    FramesOf::Publication(publication.into())
}

/// A film of 100 frames.
pub(crate) fn film(id: &str) -> v1::Media {
    v1::Media {
        id: id.into(),
        name: format!("Film {id}"),
        num: 24,
        den: 1,
        start_timecode: 86_400,
        frames: 100,
        ..v1::Media::default()
    }
}

pub(crate) fn media(media: v1::Media) -> v1::Op {
    wrap(op::Op::MediaAdded(v1::MediaAdded { media: Some(media) }))
}

pub(crate) fn order(key: &[u8]) -> v1::Property {
    property(property::Value::Order(key.to_vec().into()))
}

pub(crate) fn status(status: v1::Status) -> v1::Property {
    property(property::Value::Status(status.into()))
}

pub(crate) fn assignee(who: &str) -> v1::Property {
    property(property::Value::Assignee(who.into()))
}

pub(crate) fn author(author: u32) -> v1::Op {
    wrap(op::Op::AuthorAdded(v1::AuthorAdded {
        author,
        identity: format!("person-{author}"),
        name: format!("Person {author}"),
        session_key: session_key(author).to_vec().into(),
    }))
}

pub(crate) fn session_key(author: u32) -> [u8; 16] {
    u128::from(author).to_be_bytes()
}

pub(crate) fn batch(
    first_revision: u64,
    author: u32,
    client_seq: u64,
    ops: Vec<v1::Op>,
) -> v1::CommittedBatch {
    v1::CommittedBatch {
        state_hash: 0,
        first_revision,
        author,
        client_seq,
        committed_ms: committed_ms(first_revision),
        ops,
    }
}

/// The time at which a batch of this first revision is committed.
pub(crate) fn committed_ms(first_revision: u64) -> u64 {
    first_revision.saturating_add(1_700_000_000_000)
}
