//! The state hash.

use crate::make::{self, add, append, brush, color, create, id, set};
use crate::room::Room;
use fmz_annotation::Document;
use fmz_proto::v1::{DocumentSnapshot, FrameStamp, Kind};

const EMPTY: u64 = 1_724_009_535_196_203_659;
const ROOM: u64 = 13_939_469_554_477_806_162;
/// The same room with one stamp that is uncertain.
const UNCERTAIN: u64 = 14_263_676_047_914_104_112;

/// One object with points, one without, both changed later.
fn room() -> Room {
    let mut room = Room::with_authors(2);
    let ops = vec![
        brush(id(1, 1)),
        append(id(1, 1), &[(10, 20), (90, -1)], &[3, 200]),
        create(id(1, 2), Kind::Pin, vec![color(7), make::text("here")]),
        set(id(1, 2), make::status(fmz_proto::v1::Status::Resolved)),
        add(id(1, 1), 4, 4),
    ];
    room.commit(1, 1, ops).expect("the batch fits");
    room
}

fn hash_with(change: impl FnOnce(&mut DocumentSnapshot)) -> u64 {
    let mut snapshot = room().document.snapshot();
    change(&mut snapshot);
    let document = Document::from_snapshot(snapshot).expect("it is still a snapshot");
    document.state_hash()
}

#[test]
fn hash1_is_the_same_on_every_machine() {
    assert_eq!(Document::new().state_hash(), EMPTY);
    assert_eq!(room().document.state_hash(), ROOM);
}

#[test]
fn hash1_points_count_the_same_step_by_step_and_read_as_one() {
    let mut room = Room::with_authors(1);
    let stroke = id(1, 1);
    let appends = [
        append(stroke, &[(1, 2), (30, 4)], &[]),
        append(stroke, &[(5, 60)], &[9]),
        append(stroke, &[(0, 1)], &[]),
    ];
    let end = make::end_of(stroke, &appends);
    let steps = [vec![brush(stroke)], appends.into(), vec![end]].concat();
    for (client_seq, step) in (1..).zip(steps) {
        room.commit(1, client_seq, vec![step]).expect("it fits");
        let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
        assert_eq!(
            read.state_hash(),
            room.document.state_hash(),
            "{client_seq}"
        );
    }
}

#[test]
fn hash2_every_field_counts() {
    let plain = hash_with(|_| {});
    assert_eq!(plain, room().document.state_hash());
    let hashes = [
        hash_with(|s| s.revision += 1),
        hash_with(|s| s.authors[1].last_client_seq = 1),
        hash_with(|s| s.authors[1].name.push('x')),
        hash_with(|s| s.authors[1].identity.push('x')),
        hash_with(|s| s.authors[1].session_key = vec![9; 16].into()),
        hash_with(|s| s.objects[0].kind = Kind::Polygon.into()),
        hash_with(|s| s.objects[0].created_ms += 1),
        hash_with(|s| s.objects[0].ended = true),
        hash_with(|s| s.objects[0].offset = None),
        hash_with(|s| s.objects[0].points_restored = s.revision),
        hash_with(|s| s.objects[0].points = None),
        hash_with(|s| s.objects[0].writers.clear()),
        hash_with(|s| s.objects[0].writers[0].author = 2),
        hash_with(|s| s.objects[1].color += 1),
        hash_with(|s| s.objects[1].text.push('x')),
        hash_with(|s| s.objects[1].status = 0),
        hash_with(|s| s.objects[1].deleted = true),
        hash_with(|s| s.objects[1].softness = 1),
        hash_with(|s| s.objects[1].redaction = 1),
        hash_with(|s| s.objects[1].stamp.push('x')),
        hash_with(|s| s.objects[1].assignee.push('x')),
        hash_with(|s| s.objects[1].order = vec![1].into()),
        hash_with(|s| s.objects[1].hold = Some(fmz_proto::v1::FrameRange { first: 0, last: 0 })),
        hash_with(|s| s.objects[1].frame.as_mut().expect("there").epoch += 1),
        hash_with(|s| s.objects[1].frame.as_mut().expect("there").rtp_timestamp += 1),
        hash_with(|s| s.objects[0].frame.as_mut().expect("there").uncertain = true),
        hash_with(|s| s.objects[1].frame.as_mut().expect("there").uncertain = true),
        hash_with(|s| s.objects[1].frame.as_mut().expect("there").epoch = 0),
        hash_with(|s| *s.objects[1].frame.as_mut().expect("there") = uncertain(0)),
        hash_with(|s| s.objects[1].frame.as_mut().expect("there").epoch = u32::MAX),
        hash_with(|s| *s.objects[1].frame.as_mut().expect("there") = uncertain(u32::MAX)),
    ];
    let different: std::collections::BTreeSet<u64> = hashes.into_iter().chain([plain]).collect();
    assert_eq!(different.len(), hashes.len() + 1);
}

/// The stamp of this room's objects at another epoch, and uncertain.
fn uncertain(epoch: u32) -> FrameStamp {
    let objects = room().document.snapshot().objects;
    let stamp = objects.into_iter().find_map(|object| object.frame);
    FrameStamp {
        epoch,
        uncertain: true,
        ..stamp.expect("there")
    }
}

/// `ROOM` is older than the flag: so are logs and versions that hold hashes.
#[test]
fn hash5_only_an_uncertain_stamp_counts() {
    let hash = |flag| hash_with(|s| s.objects[1].frame.as_mut().expect("there").uncertain = flag);
    assert_eq!((hash(false), hash(true)), (ROOM, UNCERTAIN));
}

#[test]
fn hash3_another_document_is_found_at_once() {
    let mut room = room();
    let mut batch = make::batch(room.document.revision() + 1, 2, 1, vec![brush(id(2, 1))]);
    let mut copy = room.document.clone();
    copy.apply(&batch).expect("the batch fits");
    batch.state_hash = copy.state_hash();
    let mut same = room.document.clone();
    assert_eq!(same.apply(&batch), Ok(()));
    batch.state_hash ^= 1;
    let code = room.document.apply(&batch).map_err(|error| error.code());
    assert_eq!(code, Err("diverged"));
}
