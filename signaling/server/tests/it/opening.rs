//! Rooms that cannot be opened for a while.

use crate::{
    client::{Client, closing_code, connect, hello, send},
    fixture::{Fixture, ROOM},
    http::Request,
};
use fmz_proto::v1::StoredRoom;
use fmz_signaling::token::Grant;
use fmz_store::{Answer, Catalog, CatalogError, Disk, Stores};
use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;

/// A catalog that can be read only now and then.
struct Away {
    disk: Arc<Disk>,
    away: Arc<AtomicBool>,
}

impl Away {
    fn or<T: Send + 'static>(
        &self,
        answer: Answer<Result<T, CatalogError>>,
    ) -> Answer<Result<T, CatalogError>> {
        if self.away.load(Ordering::Relaxed) {
            let error = CatalogError::Failed("the catalog does not answer".into());
            return Box::pin(ready(Err(error)));
        }
        answer
    }
}

impl Catalog for Away {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        self.or(self.disk.create_room(room))
    }

    fn rooms(&self) -> Answer<Result<Vec<StoredRoom>, CatalogError>> {
        self.or(self.disk.rooms())
    }

    fn room(&self, room: &str) -> Answer<Result<Option<StoredRoom>, CatalogError>> {
        self.or(self.disk.room(room))
    }
}

#[tokio::test]
async fn opening2_while_the_catalog_is_away_everyone_is_told_and_can_come_later() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let away = Arc::new(AtomicBool::new(false));
    let catalog = Away {
        disk: disk.clone(),
        away: away.clone(),
    };
    let stores = Stores {
        catalog: Arc::new(catalog),
        ..disk.into()
    };
    let fixture = Fixture::with(folder, stores, |_| {}).await;
    let token = fixture.token("ada", &[Grant::View]);
    let get = async |path| {
        let answer = Request::get(path)
            .bearer(&token)
            .send(fixture.address)
            .await;
        let code = match answer.status {
            200 => String::new(),
            _ => answer.code(),
        };
        (answer.status, code)
    };
    let paths = ["/api/v1/rooms/demo", "/api/v1/rooms/demo/versions"];
    away.store(true, Ordering::Relaxed);
    for path in paths {
        assert_eq!(get(path).await, (503, "storage".into()), "{path}");
    }
    let mut socket = connect(fixture.address).await;
    send(&mut socket, hello(token.clone(), 1, 0)).await;
    let code = closing_code(&mut socket).await;
    assert_eq!(code.as_deref(), Some("storage"));
    away.store(false, Ordering::Relaxed);
    for path in paths {
        assert_eq!(get(path).await, (200, String::new()), "{path}");
    }
    let ada = Client::join(fixture.address, token, 1, 0).await;
    assert_eq!(ada.welcome.room, ROOM);
    away.store(true, Ordering::Relaxed);
    fixture.join("ben", 2).await.draw().await;
}
