//! What every implementation promises.

use crate::{batch, read_all, room};
use fmz_store::{
    AppendError, Catalog, CatalogError, Disk, DiskOptions, Memory, READ_PAGE_BYTES, ROOMS_MAX,
    Snapshot, SnapshotError, Store, last_revision,
};
use std::sync::Arc;
use tempfile::TempDir;

/// Every implementation, with what must outlive it.
fn stores() -> Vec<(&'static str, Arc<dyn Store>, Option<TempDir>)> {
    let folder = || TempDir::new().unwrap();
    let (usual, small) = (folder(), folder());
    let options = DiskOptions {
        segment_bytes_max: 300,
    };
    vec![
        ("memory", Arc::new(Memory::new()), None),
        (
            "disk",
            Arc::new(Disk::open(usual.path()).unwrap()),
            Some(usual),
        ),
        (
            "disk, small segments",
            Arc::new(Disk::open_with(small.path(), options).unwrap()),
            Some(small),
        ),
    ]
}

#[tokio::test]
async fn log1_what_was_appended_is_read_in_order() {
    for (name, store, _folder) in stores() {
        let batches = vec![batch(1, 2), batch(3, 1)];
        store.append("v", 0, batches.clone()).await.unwrap();
        store.append("v", 3, vec![batch(4, 5)]).await.unwrap();
        store.append("w", 0, vec![batch(1, 1)]).await.unwrap();
        let all = read_all(&*store, "v").await;
        assert_eq!(all, [batches, vec![batch(4, 5)]].concat(), "{name}");
        assert_eq!(
            store.read("v", 3, u64::MAX).await.unwrap(),
            [batch(4, 5)],
            "{name}"
        );
        assert_eq!(store.read("v", 8, u64::MAX).await.unwrap(), [], "{name}");
        for (to, last) in [(3, 3), (4, 8), (7, 8), (8, 8)] {
            let page = store.read("v", 0, to).await.unwrap();
            let end = page.last().map(last_revision);
            assert_eq!(end, Some(last), "{name}: no further than needed for {to}");
        }
        assert_eq!(store.read("v", 3, 3).await.unwrap(), [], "{name}");
        assert_eq!(store.read("v", 8, 3).await.unwrap(), [], "{name}");
        assert_eq!(
            store.read("nobody", 0, u64::MAX).await.unwrap(),
            [],
            "{name}"
        );
    }
}

#[tokio::test]
async fn log2_of_two_writers_at_one_revision_one_wins() {
    for (name, store, _folder) in stores() {
        let (first, second) = tokio::join!(
            store.append("v", 0, vec![batch(1, 2)]),
            store.append("v", 0, vec![batch(1, 1)])
        );
        let conflict = Err(AppendError::Conflict { head: 2 });
        assert_eq!((first, second), (Ok(()), conflict), "{name}");
        let behind = store.append("v", 7, vec![batch(8, 1)]).await;
        assert_eq!(behind, Err(AppendError::Conflict { head: 2 }), "{name}");
        assert_eq!(read_all(&*store, "v").await, [batch(1, 2)], "{name}");
    }
}

#[tokio::test]
async fn log3_batches_with_gaps_or_without_ops_are_refused() {
    for (name, store, _folder) in stores() {
        for wrong in [
            vec![batch(2, 1)],
            vec![batch(1, 1), batch(3, 1)],
            vec![batch(1, 0)],
        ] {
            assert_eq!(
                store.append("v", 0, wrong).await,
                Err(AppendError::Invalid),
                "{name}"
            );
        }
        assert_eq!(read_all(&*store, "v").await, [], "{name}");
    }
}

#[tokio::test]
async fn log4_many_writers_at_once_all_become_durable() {
    for (name, store, _folder) in stores() {
        let writers = (0..50).map(|video| {
            let store = store.clone();
            tokio::spawn(async move {
                for revision in 1..=20 {
                    store
                        .append(&format!("v{video}"), revision - 1, vec![batch(revision, 1)])
                        .await
                        .unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        for video in 0..50 {
            assert_eq!(
                read_all(&*store, &format!("v{video}")).await.len(),
                20,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn log5_a_long_log_is_read_in_pages() {
    for (name, store, _folder) in stores() {
        let mut revision = 0;
        for _ in 0..40 {
            store
                .append("v", revision, vec![batch(revision + 1, 4000)])
                .await
                .unwrap();
            revision += 4000;
        }
        let page = store.read("v", 0, u64::MAX).await.unwrap();
        let bytes: usize = page.iter().map(fmz_proto::Message::encoded_len).sum();
        assert!(
            bytes >= READ_PAGE_BYTES && page.len() < 40,
            "{name}: {bytes}"
        );
        assert_eq!(read_all(&*store, "v").await.len(), 40, "{name}");
    }
}

#[tokio::test]
async fn catalog1_rooms_are_listed_in_order_and_made_once() {
    for (name, store, _folder) in stores() {
        store.create_room(room("b")).await.unwrap();
        store.create_room(room("a")).await.unwrap();
        assert_eq!(
            store.create_room(room("a")).await,
            Err(CatalogError::Exists),
            "{name}"
        );
        let (again, twice) =
            tokio::join!(store.create_room(room("c")), store.create_room(room("c")));
        assert_eq!(
            (again, twice),
            (Ok(()), Err(CatalogError::Exists)),
            "{name}"
        );
        assert_eq!(store.rooms(), [room("a"), room("b"), room("c")], "{name}");
        assert_eq!(
            (store.room("a"), store.room("z")),
            (Some(room("a")), None),
            "{name}"
        );
    }
}

#[tokio::test]
async fn log6_a_flush_ends_behind_the_requests_before_it() {
    for (name, store, _folder) in stores() {
        let appended = tokio::spawn(store.append("v", 0, vec![batch(1, 1)]));
        tokio::task::yield_now().await;
        store.flush().await;
        assert!(appended.is_finished() || appended.await.is_ok(), "{name}");
        assert_eq!(store.health(), Ok(()), "{name}");
    }
}

#[tokio::test]
async fn catalog2_there_is_a_last_room() {
    let store = Memory::new();
    for number in 0..ROOMS_MAX {
        store.create_room(room(&number.to_string())).await.unwrap();
    }
    assert_eq!(
        store.create_room(room("more")).await,
        Err(CatalogError::Full)
    );
}

#[tokio::test]
async fn snapshot1_the_newest_snapshot_at_or_before_a_revision_is_given() {
    for (name, store, _folder) in stores() {
        store
            .append("v", 0, vec![batch(1, 2), batch(3, 1), batch(4, 3)])
            .await
            .unwrap();
        store.append("w", 0, vec![batch(1, 2)]).await.unwrap();
        let of = |revision: u64| Snapshot {
            revision,
            document: vec![revision as u8; 3000].into(),
        };
        for revision in [6, 2] {
            let Snapshot { document, .. } = of(revision);
            store.put_snapshot("v", revision, document).await.unwrap();
        }
        assert_eq!(store.snapshots("v").await.unwrap(), [2, 6], "{name}");
        for (at, found) in [
            (1, None),
            (2, Some(of(2))),
            (5, Some(of(2))),
            (6, Some(of(6))),
            (u64::MAX, Some(of(6))),
        ] {
            assert_eq!(
                store.snapshot("v", at).await.unwrap(),
                found,
                "{name}: {at}"
            );
        }
        assert_eq!(store.snapshot("w", 9).await.unwrap(), None, "{name}");
        assert!(store.snapshots("w").await.unwrap().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn snapshot2_only_what_is_durable_has_a_snapshot() {
    for (name, store, _folder) in stores() {
        store.append("v", 0, vec![batch(1, 2)]).await.unwrap();
        for (video, revision) in [("v", 0), ("v", 1), ("v", 3), ("w", 2)] {
            assert_eq!(
                store.put_snapshot(video, revision, vec![1].into()).await,
                Err(SnapshotError::Revision(revision)),
                "{name}: {video}"
            );
        }
        assert_eq!(store.snapshot("v", 9).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn snapshot3_old_snapshots_are_thinned_out_and_the_newest_stay() {
    for (name, store, _folder) in stores() {
        for revision in 1..=20 {
            store
                .append("v", revision - 1, vec![batch(revision, 1)])
                .await
                .unwrap();
            let document = vec![revision as u8; 10].into();
            store.put_snapshot("v", revision, document).await.unwrap();
        }
        assert_eq!(
            store.snapshots("v").await.unwrap(),
            [19, 20],
            "{name}: a log this short is read whole"
        );
    }
}
