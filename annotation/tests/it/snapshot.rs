//! Snapshots.

use crate::make::{self, brush, id};
use crate::room::Room;
use fmz_annotation::Document;
use fmz_proto::Message;
use fmz_proto::v1;
use proptest::collection::vec;
use proptest::prelude::*;

/// A document with a bit of everything; `seed` varies it.
fn document(seeds: &[(u32, u32)]) -> Document {
    let mut room = Room::with_authors(3);
    room.let_own(3);
    for (client_seq, &(pick, value)) in (1..).zip(seeds) {
        let author = pick % 3 + 1;
        let object = id(author, u32::try_from(client_seq).expect("few"));
        let kind = i32::try_from(value % 5 + 1).expect("small");
        // Some are of a kind that nobody knows yet; those may have points, too.
        let kind = if value % 7 == 6 && value % 5 == 0 {
            4711
        } else {
            kind
        };
        let properties = vec![make::color(value), make::text("Größe")];
        let created = make::create_kind(object, kind, properties);
        let mut ops = vec![match value % 3 {
            0 => make::uncertain(created),
            _ => created,
        }];
        if value % 5 == 0 {
            let near = i32::try_from(value % 1000).expect("small");
            let pressure = [1, 2];
            let with = usize::from(pick % 2 == 0) * 2;
            ops.push(make::append(
                object,
                &[(near, -near), (-3, 8)],
                &pressure[..with],
            ));
        }
        ops.push(make::set(object, make::assignee("大")));
        ops.push(make::set(
            object,
            make::order(&[7, 1 + (value % 200) as u8]),
        ));
        ops.push(make::add(object, 3, -1));
        ops.push(make::deleted(object, pick % 4 == 0));
        room.commit(author, client_seq, ops).expect("ops fit");
        let foreign = vec![make::set(object, make::end_at(1, 2))];
        room.commit(0, 0, foreign).expect("the server may");
    }
    room.document
}

fn code(change: impl FnOnce(&mut v1::DocumentSnapshot)) -> Result<(), &'static str> {
    let mut snapshot = document(&[(0, 0), (1, 5), (2, 2)]).snapshot();
    change(&mut snapshot);
    let read = Document::from_snapshot(snapshot);
    read.map(|_| ()).map_err(|error| error.code())
}

#[test]
fn snap2_what_no_document_writes_is_refused() {
    assert_eq!(code(|_| {}), Ok(()));
    assert_eq!(code(|s| s.objects.swap(0, 1)), Err("out_of_order"));
    assert_eq!(code(|s| s.authors.swap(0, 1)), Err("out_of_order"));
    assert_eq!(
        code(|s| s.objects[1].created_revision = s.objects[0].created_revision),
        Err("out_of_order")
    );
    assert_eq!(code(|s| s.objects[0].id = None), Err("missing_field"));
    let zero = Some(v1::Point::default());
    assert_eq!(code(|s| s.objects[0].start = zero), Err("out_of_range"));
    assert_eq!(code(|s| s.objects[0].kind = 0), Err("out_of_range"));
    assert_eq!(code(|s| s.objects[0].status = 9), Err("out_of_range"));
    let pin = id(3, 3);
    assert_eq!(code(|s| s.objects[0].parent = pin), Err("out_of_range"));
    assert_eq!(code(|s| s.objects[0].width = 0), Err("out_of_range"));
    assert_eq!(code(|s| s.objects[0].pending = true), Err("out_of_range"));
    let pressed = |bytes: &'static [u8]| {
        let deltas = Some(v1::stroke_points::Deltas::Pressed(bytes.into()));
        move |s: &mut v1::DocumentSnapshot| s.objects[0].points = Some(v1::StrokePoints { deltas })
    };
    assert_eq!(code(pressed(&[0, 0, 0xfe, 1])), Ok(()));
    assert_eq!(code(pressed(&[0, 0, 0x80, 2])), Err("out_of_range"));
    assert_eq!(code(pressed(&[])), Err("out_of_range"));
    assert_eq!(code(pressed(&[0, 0])), Err("malformed"));
    assert_eq!(
        code(|s| s.objects[2].points = s.objects[0].points.clone()),
        Err("out_of_range")
    );
    assert_eq!(code(|s| s.objects[2].ended = true), Err("out_of_range"));
    assert_eq!(
        code(|s| s.objects[0].writers[0].revision = u64::MAX),
        Err("out_of_range")
    );
    assert_eq!(
        code(|s| s.objects[0].writers[0].author = 9),
        Err("out_of_range")
    );
    assert_eq!(
        code(|s| s.objects[0].writers[0].key = 77),
        Err("out_of_range")
    );
    assert_eq!(
        code(|s| s.objects[0].writers.swap(0, 1)),
        Err("out_of_range")
    );
    assert_eq!(
        code(|s| s.authors[0].session_key = vec![1].into()),
        Err("out_of_range")
    );
    assert_eq!(code(|s| s.authors.truncate(1)), Err("out_of_range"));
    assert_eq!(code(|s| s.revision = u64::MAX), Err("out_of_range"));
    assert_eq!(code(|s| s.revision = 1), Err("out_of_range"));
}

#[test]
fn snap1_the_document_goes_on_after_a_snapshot() {
    let mut original = document(&[(0, 0), (1, 5)]);
    let mut copy = Document::from_snapshot(original.snapshot()).unwrap();
    let next = make::batch(original.revision() + 1, 1, 9, vec![brush(id(1, 9))]);
    original.apply(&next).unwrap();
    copy.apply(&next).unwrap();
    assert_eq!(copy, original);
}

proptest! {
    #![proptest_config(make::cases(200))]

    #[test]
    fn snap1_a_snapshot_is_exact(seeds in vec(any::<(u32, u32)>(), 0..20)) {
        let document = document(&seeds);
        let bytes = document.snapshot().encode_to_vec();
        let decoded = v1::DocumentSnapshot::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(Document::from_snapshot(decoded), Ok(document));
    }

    #[test]
    fn snap2_damaged_bytes_give_a_document_or_an_error(
        seeds in vec(any::<(u32, u32)>(), 1..6),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = document(&seeds).snapshot().encode_to_vec();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        if let Ok(decoded) = v1::DocumentSnapshot::decode(bytes.as_slice())
            && let Ok(document) = Document::from_snapshot(decoded.clone())
        {
            prop_assert_eq!(document.snapshot(), decoded);
        }
    }

    #[test]
    fn snap2_any_bytes_give_a_document_or_an_error(bytes in vec(any::<u8>(), 0..512)) {
        if let Ok(decoded) = v1::DocumentSnapshot::decode(bytes.as_slice()) {
            let _ = Document::from_snapshot(decoded);
        }
        if let Ok(committed) = v1::Committed::decode(bytes.as_slice()) {
            let _ = fmz_annotation::Replica::new().receive(&committed);
        }
    }
}
