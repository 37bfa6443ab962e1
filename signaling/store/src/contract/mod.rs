//! The cases that every engine must pass.
//!
//! The tests of an engine's crate call [`run`] with a function that makes empty stores. A case
//! fails by panicking. Each carries the id of the rule in `docs/SPEC-signaling.md` that it tries.

#![allow(clippy::unwrap_used, reason = "a case fails by panicking")]

mod tools;

pub use tools::{append, batch, batch_at, read_all, room};

use crate::{
    AppendError, CatalogError, Head, LogEntry, READ_PAGE_BYTES, Records, Snapshot, SnapshotError,
    Stores,
};
use fmz_proto::{EncodedBatch, v1::CommittedBatch};
use std::future::Future;

/// Runs every case, each with empty stores of its own. `make` returns them with a value that is
/// kept as long as the case runs, such as a folder or a server.
pub async fn run<Made, Kept>(make: impl Fn() -> Made)
where
    Made: Future<Output = (Stores, Kept)>,
{
    macro_rules! each {
        ($($case:ident),* $(,)?) => {
            $({
                let (stores, _kept) = make().await;
                $case(stores).await;
            })*
        };
    }
    each!(
        log1_appended_batches_are_read_in_order,
        log2_of_two_appends_at_one_revision_one_wins,
        log2_records_of_another_history_are_refused,
        log4_many_owners_at_once_all_become_durable,
        log5_a_long_log_is_read_in_pages,
        log6_a_flush_ends_behind_the_requests_before_it,
        log8_an_older_lease_appends_nothing,
        log8_an_opening_comes_before_or_behind_an_append,
        log8_a_lease_is_of_one_video,
        log9_a_time_is_found_by_the_first_later_batch,
        catalog1_rooms_are_listed_in_order_and_made_once,
        snapshot1_the_newest_snapshot_at_or_before_a_revision_is_given,
        snapshot2_only_durable_batches_have_a_snapshot,
        snapshot3_old_snapshots_are_thinned_out_and_the_newest_stay,
    );
}

fn batches(entries: Vec<LogEntry>) -> Vec<CommittedBatch> {
    entries.into_iter().map(|entry| entry.batch).collect()
}

async fn log1_appended_batches_are_read_in_order(stores: Stores) {
    let log = &*stores.log;
    let two = vec![batch(1, 2), batch(3, 1)];
    append(log, "v", 0, &two).await.unwrap();
    let end = append(log, "v", 3, &[batch(4, 5)]).await.unwrap();
    append(log, "w", 0, &[batch(1, 1)]).await.unwrap();
    assert_eq!(read_all(log, "v").await, [two, vec![batch(4, 5)]].concat());
    assert_eq!(log.open("v").await.unwrap().head, end);
    let read = async |video, after, to| log.read(video, after, to).await.unwrap();
    let behind = read("v", 3, u64::MAX).await;
    assert_eq!(behind[0].record.head(), end);
    assert_eq!(behind[0].record.batch(), &EncodedBatch::new(&batch(4, 5)));
    assert_eq!(batches(behind), [batch(4, 5)]);
    assert_eq!(read("v", 8, u64::MAX).await, []);
    for (to, last) in [(3, 3), (4, 8), (7, 8), (8, 8)] {
        let page = read("v", 0, to).await;
        let end = page.last().map(|entry| entry.record.head().revision);
        assert_eq!(end, Some(last), "no further than needed for {to}");
    }
    assert_eq!(read("v", 3, 3).await, []);
    assert_eq!(read("v", 8, 3).await, []);
    assert_eq!(read("nobody", 0, u64::MAX).await, []);
}

async fn log2_of_two_appends_at_one_revision_one_wins(stores: Stores) {
    let log = &*stores.log;
    let opened = log.open("v").await.unwrap();
    assert_eq!(opened.head, Head::default());
    let one = |batch: &CommittedBatch| Records::new(opened.head, [EncodedBatch::new(batch)]);
    let (first, second) = tokio::join!(
        log.append(&opened.lease, one(&batch(1, 2)).unwrap()),
        log.append(&opened.lease, one(&batch(1, 1)).unwrap())
    );
    let conflict = Err(AppendError::Conflict { head: 2 });
    assert_eq!((first, second), (Ok(()), conflict));
    let behind = append(log, "v", 7, &[batch(8, 1)]).await;
    assert_eq!(behind, Err(AppendError::Conflict { head: 2 }));
    assert_eq!(read_all(log, "v").await, [batch(1, 2)]);
}

async fn log2_records_of_another_history_are_refused(stores: Stores) {
    let log = &*stores.log;
    append(log, "v", 0, &[batch(1, 2)]).await.unwrap();
    let other = append(log, "w", 0, &[batch_at(1, 2, 99)]).await.unwrap();
    assert_eq!(other.revision, 2);
    let records = Records::new(other, [EncodedBatch::new(&batch(3, 1))]).unwrap();
    let lease = log.open("v").await.unwrap().lease;
    let refused = log.append(&lease, records).await;
    assert_eq!(refused, Err(AppendError::Conflict { head: 2 }));
    assert_eq!(read_all(log, "v").await, [batch(1, 2)]);
}

async fn log4_many_owners_at_once_all_become_durable(stores: Stores) {
    let owners = (0..50).map(|video| {
        let (log, video) = (stores.log.clone(), format!("v{video}"));
        tokio::spawn(async move {
            let opened = log.open(&video).await.unwrap();
            let mut head = opened.head;
            for revision in 1..=20 {
                let batch = EncodedBatch::new(&batch(revision, 1));
                let records = Records::new(head, [batch]).unwrap();
                head = records.head();
                log.append(&opened.lease, records).await.unwrap();
            }
        })
    });
    for owner in owners.collect::<Vec<_>>() {
        owner.await.unwrap();
    }
    for video in 0..50 {
        let read = read_all(&*stores.log, &format!("v{video}")).await;
        assert_eq!(read.len(), 20);
    }
}

async fn log5_a_long_log_is_read_in_pages(stores: Stores) {
    let log = &*stores.log;
    for at in 0..40 {
        let batch = batch(at * 4000 + 1, 4000);
        append(log, "v", at * 4000, &[batch]).await.unwrap();
    }
    let page = log.read("v", 0, u64::MAX).await.unwrap();
    let bytes = page.iter().map(|entry| entry.record.batch().bytes().len());
    let bytes: usize = bytes.sum();
    assert!(bytes >= READ_PAGE_BYTES && page.len() < 40, "{bytes}");
    assert_eq!(read_all(log, "v").await.len(), 40);
}

async fn log6_a_flush_ends_behind_the_requests_before_it(stores: Stores) {
    let opened = stores.log.open("v").await.unwrap();
    let records = Records::new(opened.head, [EncodedBatch::new(&batch(1, 1))]).unwrap();
    let appended = tokio::spawn(stores.log.append(&opened.lease, records));
    tokio::task::yield_now().await;
    stores.log.flush().await;
    assert!(appended.is_finished() || appended.await.is_ok());
    assert_eq!(stores.health.health(), Ok(()));
    assert_eq!(stores.health.losses().count, 0);
}

async fn log8_an_older_lease_appends_nothing(stores: Stores) {
    let log = &*stores.log;
    let older = log.open("v").await.unwrap();
    let one = Records::new(older.head, [EncodedBatch::new(&batch(1, 1))]).unwrap();
    let head = one.head();
    log.append(&older.lease, one).await.unwrap();
    let newer = log.open("v").await.unwrap();
    assert!(newer.lease.epoch() > older.lease.epoch());
    assert_eq!(newer.head, head, "the opening tells what it goes on from");
    let late = Records::new(head, [EncodedBatch::new(&batch_at(2, 3, 7))]).unwrap();
    let refused = log.append(&older.lease, late.clone()).await;
    assert_eq!(refused, Err(AppendError::Fenced));
    assert_eq!(
        read_all(log, "v").await,
        [batch(1, 1)],
        "nothing is written"
    );
    let next = Records::new(newer.head, [EncodedBatch::new(&batch(2, 1))]).unwrap();
    log.append(&newer.lease, next).await.unwrap();
    let refused = log.append(&older.lease, late).await;
    assert_eq!(refused, Err(AppendError::Fenced), "whatever the head is");
    assert_eq!(read_all(log, "v").await, [batch(1, 1), batch(2, 1)]);
}

async fn log8_an_opening_comes_before_or_behind_an_append(stores: Stores) {
    let log = &*stores.log;
    for at in 0..50 {
        let older = log.open("v").await.unwrap();
        let batch = EncodedBatch::new(&batch(older.head.revision + 1, 1));
        let records = Records::new(older.head, [batch]).unwrap();
        let behind = records.head();
        let (appended, newer) = match at % 2 {
            0 => tokio::join!(log.append(&older.lease, records), log.open("v")),
            _ => {
                let (newer, appended) =
                    tokio::join!(log.open("v"), log.append(&older.lease, records));
                (appended, newer)
            }
        };
        let head = newer.unwrap().head;
        match appended {
            Ok(()) => assert_eq!(head, behind),
            refused => assert_eq!((refused, head), (Err(AppendError::Fenced), older.head)),
        }
    }
}

async fn log8_a_lease_is_of_one_video(stores: Stores) {
    let log = &*stores.log;
    let one = log.open("v").await.unwrap();
    let other = log.open("w").await.unwrap();
    let records = |head| Records::new(head, [EncodedBatch::new(&batch(1, 1))]).unwrap();
    log.append(&one.lease, records(one.head)).await.unwrap();
    log.append(&other.lease, records(other.head)).await.unwrap();
    assert_eq!(read_all(log, "v").await, [batch(1, 1)]);
    assert_eq!(read_all(log, "w").await, [batch(1, 1)]);
}

async fn log9_a_time_is_found_by_the_first_later_batch(stores: Stores) {
    let log = &*stores.log;
    // The clock was set back before the fourth.
    let times = [100, 100, 300, 200, 400];
    let at = |(first, ms): (u64, u64)| batch_at(first * 2 - 1, 2, ms);
    let all: Vec<_> = (1..).zip(times).map(at).collect();
    append(log, "v", 0, &all).await.unwrap();
    for (ms, from, revision) in [
        (0, 0, 0),
        (99, 0, 0),
        (100, 0, 4),
        (250, 0, 4),
        (300, 0, 8),
        (250, 6, 8),
        (1000, 0, 10),
        (99, 10, 10),
    ] {
        let found = log.revision_at("v", ms, from).await.unwrap();
        assert_eq!(found, revision, "{ms} ms, behind {from}");
    }
    assert_eq!(log.revision_at("nobody", 5, 0).await, Ok(0));
}

async fn catalog1_rooms_are_listed_in_order_and_made_once(stores: Stores) {
    let catalog = &*stores.catalog;
    assert_eq!(catalog.rooms().await, Ok(vec![]));
    catalog.create_room(room("b")).await.unwrap();
    catalog.create_room(room("a")).await.unwrap();
    let again = catalog.create_room(room("a")).await;
    assert_eq!(again, Err(CatalogError::Exists));
    let two = tokio::join!(
        catalog.create_room(room("c")),
        catalog.create_room(room("c"))
    );
    assert_eq!(two, (Ok(()), Err(CatalogError::Exists)));
    let all = ["a", "b", "c"].map(room).to_vec();
    assert_eq!(catalog.rooms().await, Ok(all));
    assert_eq!(catalog.room("a").await, Ok(Some(room("a"))));
    assert_eq!(catalog.room("z").await, Ok(None));
}

async fn snapshot1_the_newest_snapshot_at_or_before_a_revision_is_given(stores: Stores) {
    let (log, snapshots) = (&*stores.log, &*stores.snapshots);
    let two = append(log, "v", 0, &[batch(1, 2)]).await.unwrap();
    let six = append(log, "v", 2, &[batch(3, 1), batch(4, 3)]).await;
    append(log, "w", 0, &[batch(1, 2)]).await.unwrap();
    let of = |head: Head| Snapshot {
        head,
        document: vec![head.revision as u8; 3000].into(),
    };
    let (two, six) = (of(two), of(six.unwrap()));
    for snapshot in [&six, &two] {
        let put = snapshots.put_snapshot("v", snapshot.clone());
        put.await.unwrap();
    }
    assert_eq!(snapshots.snapshots("v").await.unwrap(), [2, 6]);
    for (at, expected) in [
        (1, None),
        (2, Some(&two)),
        (5, Some(&two)),
        (6, Some(&six)),
        (u64::MAX, Some(&six)),
    ] {
        let found = snapshots.snapshot("v", at).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{at}");
    }
    assert_eq!(snapshots.snapshot("w", 9).await.unwrap(), None);
    assert!(snapshots.snapshots("w").await.unwrap().is_empty());
}

async fn snapshot2_only_durable_batches_have_a_snapshot(stores: Stores) {
    let (log, snapshots) = (&*stores.log, &*stores.snapshots);
    let end = append(log, "v", 0, &[batch(1, 2)]).await.unwrap();
    let at = |revision| Head { revision, ..end };
    let other = Head {
        chain: end.chain.next(b"another history"),
        ..end
    };
    for (video, head) in [
        ("v", Head::default()),
        ("v", at(1)),
        ("v", at(3)),
        ("v", other),
        ("w", end),
    ] {
        let document = vec![1].into();
        let put = snapshots.put_snapshot(video, Snapshot { head, document });
        let refused = Err(SnapshotError::Head(head.revision));
        assert_eq!(put.await, refused, "{video}: {head:?}");
    }
    assert_eq!(snapshots.snapshot("v", 9).await.unwrap(), None);
}

async fn snapshot3_old_snapshots_are_thinned_out_and_the_newest_stay(stores: Stores) {
    let (log, snapshots) = (&*stores.log, &*stores.snapshots);
    for revision in 1..=20 {
        let head = append(log, "v", revision - 1, &[batch(revision, 1)]).await;
        let snapshot = Snapshot {
            head: head.unwrap(),
            document: vec![revision as u8; 10].into(),
        };
        snapshots.put_snapshot("v", snapshot).await.unwrap();
    }
    let kept = snapshots.snapshots("v").await.unwrap();
    assert_eq!(kept, [19, 20], "a log this short is read whole");
}
