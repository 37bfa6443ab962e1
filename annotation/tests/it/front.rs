//! Places in the drawing order.

use crate::make::{brush, cases, deleted, id, order, own_id, set};
use crate::room::Room;
use fmz_annotation::{OpError, OrderKey, Replica};
use fmz_proto::limits::ORDER_BYTES_MAX;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn key() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0_u8), Just(1), Just(254), Just(255), any::<u8>()];
    vec(byte, 1..6)
}

fn between(before: &[u8], after: &[u8]) -> Result<Vec<u8>, &'static str> {
    let key = OrderKey::between(Some(before), Some(after));
    key.map(|key| key.as_bytes().to_vec())
        .map_err(|error| error.code())
}

/// Takes the key that a step gives, again and again, until there is none; says how many there were.
fn steps(mut step: impl FnMut() -> Result<OrderKey, OpError>) -> usize {
    for taken in 0.. {
        match step() {
            Ok(key) => assert!(key.as_bytes().len() <= ORDER_BYTES_MAX),
            Err(error) => {
                assert_eq!(error.code(), "order_exhausted");
                return taken;
            }
        }
    }
    unreachable!("keys are bounded")
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn order8_a_key_lies_strictly_between(one in option::of(key()), other in option::of(key())) {
        let (before, after) = match (one, other) {
            (Some(one), Some(other)) => (Some(one.clone().min(other.clone())), Some(one.max(other))),
            ends => ends,
        };
        let key = OrderKey::between(before.as_deref(), after.as_deref());
        let only_zeros = |before: &[u8], after: &[u8]| {
            after.strip_prefix(before).is_some_and(|rest| rest.iter().all(|&byte| byte == 0))
        };
        let none = match (&before, &after) {
            (before, Some(after)) => only_zeros(before.as_deref().unwrap_or_default(), after),
            (_, None) => false,
        };
        prop_assert_eq!(key.is_err(), none);
        if let Ok(key) = key {
            let key = key.as_bytes();
            prop_assert!(before.as_deref().is_none_or(|before| before < key));
            prop_assert!(after.as_deref().is_none_or(|after| key < after));
            prop_assert_ne!(key.last(), Some(&0));
            let longest = before.iter().chain(&after).map(Vec::len).max().unwrap_or_default();
            let more = if before.is_some() && after.is_some() { 1 } else { 4 };
            prop_assert!(key.len() <= longest + more);
        }
    }

    #[test]
    fn order8_a_gap_takes_many_keys(sides in vec(any::<bool>(), 300)) {
        let (mut before, mut after) = (vec![7], vec![8]);
        let mut sides = sides.into_iter();
        let taken = steps(|| {
            let key = OrderKey::between(Some(&before), Some(&after))?;
            match sides.next() {
                Some(true) => before = key.as_bytes().to_vec(),
                _ => after = key.as_bytes().to_vec(),
            }
            Ok(key)
        });
        prop_assert!((200..=300).contains(&taken), "{taken}");
    }
}

#[test]
fn order8_what_is_not_in_order_or_has_no_room_is_refused() {
    assert_eq!(between(&[2], &[1]), Err("out_of_range"));
    assert_eq!(between(&[2], &[2]), Err("out_of_range"));
    assert_eq!(between(&[2], &[2, 0]), Err("order_exhausted"));
    assert_eq!(between(&[2], &[2, 0, 1]), Ok(vec![2, 0, 0, 128]));
    let none = OrderKey::between(None, Some(&[0, 0])).map_err(|error| error.code());
    assert_eq!(none, Err("order_exhausted"));
}

#[test]
fn order9_an_end_has_room_for_millions() {
    let (mut last, mut first) = (vec![128], vec![128]);
    for _ in 0..100_000 {
        let next = OrderKey::between(Some(&last), None).expect("there is room");
        assert!(next.as_bytes() > last.as_slice() && next.as_bytes().len() == 4);
        last = next.as_bytes().to_vec();
        let next = OrderKey::between(None, Some(&first)).expect("there is room");
        assert!(next.as_bytes() < first.as_slice() && next.as_bytes().len() == 4);
        first = next.as_bytes().to_vec();
    }
}

#[test]
fn order9_an_end_is_reached_at_last() {
    let mut full = vec![255; ORDER_BYTES_MAX - 4];
    full.extend([254, 255, 255, 254]);
    let taken = steps(|| {
        let key = OrderKey::between(Some(&full), None)?;
        full = key.as_bytes().to_vec();
        Ok(key)
    });
    assert!(taken > 0, "{full:?}");
}

fn shown(replica: &Replica) -> Vec<u32> {
    let objects = replica.objects().objects;
    let counters = objects.iter().filter_map(|object| object.id);
    counters.map(|id| id.counter).collect()
}

#[test]
fn order10_an_object_is_brought_to_an_end() {
    let mut room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let four: Vec<_> = (1..=4).map(|counter| brush(id(1, counter))).collect();
    replica.submit(&four[..3]).expect("they are new");
    room.exchange(&mut replica);
    replica.submit(&four[3..]).expect("it is new");
    assert_eq!(replica.bring_to_front(own_id(1, 1)), Ok(()));
    assert_eq!(shown(&replica), [2, 3, 4, 1]);
    assert_eq!(replica.send_to_back(own_id(1, 3)), Ok(()));
    assert_eq!(shown(&replica), [3, 2, 4, 1]);
    let before = replica.pending_count();
    assert_eq!(replica.bring_to_front(own_id(1, 1)), Ok(()));
    assert_eq!(replica.send_to_back(own_id(1, 3)), Ok(()));
    assert_eq!(replica.pending_count(), before, "they are there");
    room.exchange(&mut replica);
    assert_eq!(shown(&replica), [3, 2, 4, 1]);
    assert!(replica.undo() && replica.undo());
    assert_eq!(shown(&replica), [1, 2, 3, 4]);
    let unknown = replica.bring_to_front(own_id(1, 9));
    assert_eq!(unknown, Err(OpError::UnknownObject));
    let mut other = room.replica(2);
    let theirs = other.send_to_back(own_id(1, 4));
    assert_eq!(theirs, Err(OpError::NotYours));
}

#[test]
fn order10_what_is_hidden_does_not_count() {
    let mut room = Room::with_authors(1);
    let ops = vec![
        brush(id(1, 1)),
        brush(id(1, 2)),
        set(id(1, 2), order(&[255; ORDER_BYTES_MAX])),
    ];
    room.commit(1, 1, ops).expect("it fits");
    let mut replica = room.replica(1);
    let full = replica.bring_to_front(own_id(1, 1));
    assert_eq!(full, Err(OpError::OrderExhausted));
    replica
        .submit(&[deleted(id(1, 2), true)])
        .expect("it is own");
    assert_eq!(replica.bring_to_front(own_id(1, 1)), Ok(()));
}
