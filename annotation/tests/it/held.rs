//! Ops that are held back until the frame of their object is known (view9).

use crate::make::{append, brush, id, own_id};
use fmz_annotation::Replica;
use fmz_annotation::limits::HELD_MAX;

fn writer() -> Replica {
    let mut replica = Replica::new();
    let _ = replica.set_author(1, 0);
    replica
}

fn taken(replica: &mut Replica) -> usize {
    replica.take_batch(100).map_or(0, |batch| batch.ops.len())
}

#[test]
fn view9_a_held_object_and_what_follows_stay_out_of_batches() {
    let mut replica = writer();
    assert!(replica.hold(own_id(1, 2)));
    for op in [brush(id(1, 1)), brush(id(1, 2)), brush(id(1, 3))] {
        replica.submit(&[op]).expect("a stroke");
    }
    replica
        .submit(&[append(id(1, 2), &[(1, 1)], &[])])
        .expect("points");
    assert_eq!(taken(&mut replica), 1, "only what came before it leaves");
    assert_eq!(taken(&mut replica), 0);
    assert_eq!(replica.objects().objects.len(), 3, "all of it is seen");
    replica.release(own_id(1, 2));
    assert_eq!(taken(&mut replica), 3);
}

#[test]
fn view9_the_first_held_object_holds_the_second() {
    let mut replica = writer();
    for counter in [1, 2] {
        assert!(replica.hold(own_id(1, counter)));
        replica.submit(&[brush(id(1, counter))]).expect("a stroke");
    }
    replica.release(own_id(1, 2));
    assert_eq!(taken(&mut replica), 0);
    replica.release(own_id(1, 1));
    assert_eq!(taken(&mut replica), 2);
}

#[test]
fn view9_no_more_than_the_limit_are_held() {
    let mut replica = writer();
    for counter in 1..=HELD_MAX {
        let counter = u32::try_from(counter).expect("a small number");
        assert!(replica.hold(own_id(1, counter)));
        assert!(replica.hold(own_id(1, counter)), "again is the same");
    }
    let beyond = u32::try_from(HELD_MAX).expect("a small number") + 1;
    assert!(!replica.hold(own_id(1, beyond)));
    replica.submit(&[brush(id(1, beyond))]).expect("a stroke");
    assert_eq!(taken(&mut replica), 1, "it leaves at once");
}

#[test]
fn view9_another_author_begins_with_nothing_held() {
    let mut replica = writer();
    assert!(replica.hold(own_id(1, 1)));
    let _ = replica.set_author(2, 0);
    let _ = replica.set_author(1, 0);
    replica.submit(&[brush(id(1, 1))]).expect("a stroke");
    assert_eq!(taken(&mut replica), 1);
}
