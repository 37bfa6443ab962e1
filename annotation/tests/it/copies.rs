//! Copies by a path that loses, repeats and reorders, beside the ordered one that stalls.

use crate::make::{self, brush, color, create, id, set, text};
use crate::room::Room;
use fmz_annotation::Replica;
use fmz_annotation::limits::EARLY_BATCHES_MAX;
use fmz_proto::limits::{COPIES_MAX, COPIES_PER_BATCH, COPY_FRAME_BYTES_MAX};
use fmz_proto::v1::{self, Kind, client_message};
use proptest::collection::vec;
use proptest::prelude::*;

/// What reaches the client next.
#[derive(Debug, Clone)]
enum Arrival {
    /// The next frame on the ordered path.
    Ordered,
    /// A copy of some batches from there on, any of them, again and again.
    Copy(usize, usize),
}

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![
        1 => Just(Arrival::Ordered),
        3 => (0..40usize, 1..4usize).prop_map(|(from, count)| Arrival::Copy(from, count)),
    ]
}

/// A room in which two draw in turn, the replica of one of them at its beginning,
/// and the log behind it.
fn drawn(batches: u32) -> (Room, Replica, Vec<v1::CommittedBatch>) {
    let mut room = Room::with_authors(2);
    let replica = room.replica(1);
    let held = room.log.len();
    for counter in 1..=batches {
        let author = 1 + counter % 2;
        let id = id(author, counter);
        let ops = vec![create(id, Kind::Arrow, vec![]), set(id, color(counter))];
        room.commit(author, u64::from(counter), ops)
            .expect("one's own");
    }
    let log = room.log.split_off(held);
    (room, replica, log)
}

fn committed(batches: &[v1::CommittedBatch]) -> v1::Committed {
    v1::Committed {
        batches: batches.to_vec(),
    }
}

proptest! {
    #![proptest_config(make::cases(300))]

    #[test]
    fn loss1_copies_in_any_order_lose_double_and_ask_for_nothing(arrivals in vec(arrival(), 0..120)) {
        let (room, mut replica, log) = drawn(40);
        let mut ordered = log.chunks(2);
        let mut changed = 0;
        for arrival in arrivals {
            let received = match arrival {
                Arrival::Ordered => match ordered.next() {
                    Some(frame) => replica.receive(&committed(frame)),
                    None => continue,
                },
                Arrival::Copy(from, count) => {
                    let end = (from + count).min(log.len());
                    replica.receive_copy(&committed(&log[from.min(end)..end]))
                }
            };
            let received = received.expect("the log fits");
            prop_assert_eq!(received.gap, None);
            changed += received.changed.len();
        }
        for frame in ordered {
            changed += replica.receive(&committed(frame)).expect("the log fits").changed.len();
        }
        prop_assert_eq!(replica.document(), &room.document);
        prop_assert_eq!(changed, 40, "each object changes once");
    }
}

#[test]
fn loss1_a_copy_waits_for_what_is_missing_and_is_applied_with_it() {
    let (room, mut replica, log) = drawn(3);
    let ahead = replica.receive_copy(&committed(&log[1..])).unwrap();
    assert_eq!((ahead.gap, ahead.changed.len()), (None, 0));
    let received = replica.receive(&committed(&log[..1])).unwrap();
    assert_eq!((received.gap, received.changed.len()), (None, 3));
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn loss2_copies_that_wait_are_bounded_and_the_nearest_stay() {
    let batches = EARLY_BATCHES_MAX + 10;
    let (_, mut replica, log) = drawn(u32::try_from(batches).unwrap());
    let from = replica.revision();
    for batch in log[1..].iter().rev() {
        let _ = replica
            .receive_copy(&committed(std::slice::from_ref(batch)))
            .unwrap();
    }
    let received = replica.receive(&committed(&log[..1])).unwrap();
    assert_eq!(received.changed.len(), 1 + EARLY_BATCHES_MAX);
    let applied = 2 * (1 + EARLY_BATCHES_MAX as u64);
    assert_eq!(replica.revision(), from + applied);
    let rest = log[1 + EARLY_BATCHES_MAX..].to_vec();
    let received = replica.receive(&committed(&rest)).unwrap();
    assert_eq!(received.gap, None);
}

#[test]
fn loss2_a_new_session_forgets_the_copies_of_the_one_before() {
    let (_, mut replica, log) = drawn(3);
    let _ = replica.receive_copy(&committed(&log[1..])).unwrap();
    let _ = replica.set_author(1, 0);
    let received = replica.receive(&committed(&log[..1])).unwrap();
    assert_eq!(received.changed.len(), 1);
}

fn seqs(copies: Option<v1::OpCopies>) -> Vec<u64> {
    let batches = copies.into_iter().flat_map(|copies| copies.batches);
    batches.map(|batch| batch.client_seq).collect()
}

#[test]
fn loss3_each_batch_is_copied_a_few_times_and_no_more_once_acknowledged() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    for counter in 1..=2 {
        replica.submit(&[brush(id(1, counter))]).unwrap();
        let _ = replica.take_batch(1);
    }
    let batches = replica.unacked();
    assert_eq!(replica.take_copies().unwrap().batches, batches);
    let first = batches[0].clone();
    room.receive(1, first).unwrap();
    let _ = replica.receive(&room.since(replica.revision())).unwrap();
    for _ in 1..COPIES_PER_BATCH {
        assert_eq!(seqs(replica.take_copies()), [2]);
    }
    assert_eq!(replica.take_copies(), None);
}

#[test]
fn loss3_copies_fit_one_datagram_newest_first() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let words = "a".repeat(200);
    for counter in 1..=40 {
        let words = vec![text(&words)];
        replica
            .submit(&[create(id(1, counter), Kind::Text, words)])
            .unwrap();
        let _ = replica.take_batch(1);
    }
    let copies = replica.take_copies();
    assert_eq!(seqs(copies.clone()), [37, 38, 39, 40]);
    let frame = v1::ClientMessage {
        message: Some(client_message::Message::Copies(copies.unwrap())),
    };
    assert!(fmz_proto::Message::encoded_len(&frame) < COPY_FRAME_BYTES_MAX);
}

#[test]
fn loss3_of_many_small_batches_only_the_newest_are_copied() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1))]).unwrap();
    let _ = replica.take_batch(1);
    for step in 1..=30 {
        replica.submit(&[set(id(1, 1), color(step))]).unwrap();
        let _ = replica.take_batch(1);
    }
    assert_eq!(seqs(replica.take_copies()).len(), COPIES_MAX);
}

#[test]
fn loss3_a_batch_over_a_datagram_is_not_copied() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let words = vec![text(&"a".repeat(2000))];
    replica
        .submit(&[create(id(1, 1), Kind::Text, words)])
        .unwrap();
    let _ = replica.take_batch(1);
    assert_eq!(replica.take_copies(), None);
}
