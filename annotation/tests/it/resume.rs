//! What a lost connection leaves.

use crate::make::{append, brush, color, id, own_id, point_count, set};
use crate::room::Room;
use fmz_proto::v1::OpBatch;

#[test]
fn resume1_pending_ops_outlive_the_connection() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica
        .submit(&[brush(id(1, 1)), set(id(1, 1), color(4))])
        .unwrap();
    let sent = [
        replica.take_batch(1).unwrap(),
        replica.take_batch(1).unwrap(),
    ];
    replica.submit(&[append(id(1, 1), &[(1, 2)], &[])]).unwrap();
    let lost = replica.set_author(1, room.document.last_client_seq(1));
    assert_eq!((lost.batches.len(), lost.queued_ops), (0, 0));
    assert_eq!(replica.unacked(), sent);
    room.exchange(&mut replica);
    assert_eq!(replica.pending_count(), 0);
    assert_eq!(replica.document(), &room.document);
    assert_eq!(room.document.object(own_id(1, 1)).unwrap().color(), 4);
}

#[test]
fn resume2_a_batch_sent_again_is_committed_once() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica
        .submit(&[brush(id(1, 1)), append(id(1, 1), &[(1, 2)], &[])])
        .unwrap();
    let batch = replica.take_batch(20).unwrap();
    room.receive(1, batch.clone()).unwrap();
    room.receive(1, batch).unwrap();
    room.exchange(&mut replica);
    let object = room.document.object(own_id(1, 1)).unwrap();
    assert_eq!(object.stroke().unwrap().points().len(), 1);
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn resume3_a_snapshot_settles_what_it_holds() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    let first = replica.take_batch(1).unwrap();
    let second = replica.take_batch(1).unwrap();
    replica.submit(&[append(id(1, 1), &[(1, 2)], &[])]).unwrap();
    room.receive(1, first).unwrap();
    let lost = replica.load(room.document.snapshot()).unwrap();
    assert_eq!((lost.batches.len(), lost.queued_ops), (0, 0));
    let base = room.document.revision();
    assert_eq!(replica.unacked(), [OpBatch { base, ..second }]);
    assert_eq!(replica.objects().objects.len(), 2);
    let points = |replica: &fmz_annotation::Replica| point_count(&replica.objects().objects[0]);
    assert_eq!(points(&replica), 1);
    room.exchange(&mut replica);
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn resume3_what_became_impossible_is_reported() {
    let mut room = Room::with_authors(1);
    let before = room.document.snapshot();
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1))]).unwrap();
    room.exchange(&mut replica);
    replica.submit(&[set(id(1, 1), color(1))]).unwrap();
    let sent = replica.take_batch(1).unwrap().client_seq;
    replica
        .submit(&[set(id(1, 1), color(2)), brush(id(1, 2))])
        .unwrap();
    let _ = replica.set_author(1, 0);
    let lost = replica.load(before).unwrap();
    assert_eq!((lost.batches, lost.queued_ops), (vec![sent], 1));
    assert_eq!(
        (replica.pending_count(), replica.next_id()),
        (1, Some(own_id(1, 3)))
    );
}

#[test]
fn resume3_a_new_page_goes_on_after_its_authors_numbers() {
    let mut room = Room::with_authors(1);
    room.commit(1, 8, vec![brush(id(1, 5))]).unwrap();
    let mut replica = room.replica(1);
    assert_eq!(replica.next_id(), Some(own_id(1, 6)));
    replica.submit(&[brush(id(1, 6))]).unwrap();
    assert_eq!(replica.take_batch(1).map(|batch| batch.client_seq), Some(9));
}

#[test]
fn resume4_another_author_begins_anew() {
    let room = Room::with_authors(2);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    let sent = replica.take_batch(1).unwrap().client_seq;
    let lost = replica.set_author(2, 3);
    assert_eq!((lost.batches, lost.queued_ops), (vec![sent], 1));
    assert!(replica.objects().objects.is_empty() && !replica.can_undo());
    assert_eq!(replica.next_id(), Some(own_id(2, 1)));
}

#[test]
fn resume4_a_broken_snapshot_changes_nothing() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1))]).unwrap();
    let mut snapshot = room.document.snapshot();
    snapshot.authors[0].author = 0;
    let code = replica.load(snapshot).map_err(|error| error.code());
    assert_eq!(code, Err("out_of_order"));
    assert_eq!((replica.pending_count(), replica.revision()), (1, 1));
}

#[test]
fn resume5_a_snapshot_that_was_overtaken_is_passed_over() {
    let mut room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let older = room.document.snapshot();
    room.commit(2, 1, vec![brush(id(2, 1))]).unwrap();
    let _ = replica.receive_copy(&room.since(0)).unwrap();
    replica.submit(&[brush(id(1, 1))]).unwrap();
    let before = (replica.version(), replica.objects());
    let lost = replica.load(older).unwrap();
    assert_eq!(lost, fmz_annotation::Lost::default());
    assert_eq!((replica.version(), replica.objects()), before);
    assert_eq!(replica.document(), &room.document);
    let same = room.document.snapshot();
    let _ = replica.load(same).unwrap();
    assert_ne!(replica.version(), before.0, "one as old is taken");
}

#[test]
fn resume5_an_older_snapshot_counts_on_a_new_connection() {
    let mut room = Room::with_authors(1);
    let older = room.document.snapshot();
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    let mut replica = room.replica(1);
    let _ = replica.set_author(1, 0);
    let revision = older.revision;
    for expected in [revision, revision + 1, revision + 1] {
        let snapshot = match replica.revision() == revision {
            true => room.document.snapshot(),
            false => older.clone(),
        };
        let _ = replica.load(snapshot).unwrap();
        assert_eq!(replica.revision(), expected, "the first one only");
    }
}

#[test]
fn resume5_an_older_snapshot_counts_after_an_error() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let older = room.document.snapshot();
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    let mut wrong = room.since(replica.revision());
    wrong.batches[0].state_hash = 7;
    let code = replica.receive(&wrong).map_err(|error| error.code());
    assert_eq!(code.map(|_| ()), Err("diverged"));
    assert!(replica.revision() > older.revision);
    let _ = replica.load(older).unwrap();
    let _ = replica.receive(&room.since(replica.revision())).unwrap();
    assert_eq!(replica.document(), &room.document);
}
