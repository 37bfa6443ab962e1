//! Many who want one room at the same time.

use super::{NotOpen, opening::opening};
use crate::{Config, metrics::Metrics, state::State, token::Tokens};
use fmz_proto::v1::StoredRoom;
use fmz_store::{Answer, Catalog, CatalogError, Epoch, Memory, Stores};
use futures_util::FutureExt as _;
use prometheus::Registry;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

const ROOM: &str = "demo";
const ASKERS: usize = 20;

type Gate = oneshot::Receiver<Result<(), CatalogError>>;

/// A catalog that finds a room when the test says so.
struct Gated {
    memory: Memory,
    gates: Mutex<VecDeque<Gate>>,
}

impl Catalog for Gated {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        self.memory.create_room(room)
    }

    fn rooms(&self) -> Answer<Result<Vec<StoredRoom>, CatalogError>> {
        self.memory.rooms()
    }

    fn room(&self, room: &str) -> Answer<Result<Option<StoredRoom>, CatalogError>> {
        let gate = self.gates.lock().unwrap().pop_front();
        let (gate, found) = (gate.expect("no further opening"), self.memory.room(room));
        Box::pin(async {
            gate.await.unwrap()?;
            found.await
        })
    }
}

struct World {
    state: State,
    memory: Memory,
    gates: VecDeque<oneshot::Sender<Result<(), CatalogError>>>,
    _folder: TempDir,
    _to_sfu: mpsc::Receiver<fmz_proto::v1::to_sfu::Message>,
}

/// Makes a server's state with one room, of which `openings` openings are expected.
async fn world(openings: usize) -> World {
    let memory = Memory::new();
    let room = StoredRoom {
        room: ROOM.into(),
        ..StoredRoom::default()
    };
    memory.create_room(room).await.unwrap();
    let (gates, receivers) = (0..openings).map(|_| oneshot::channel()).unzip();
    let catalog = Gated {
        memory: memory.clone(),
        gates: Mutex::new(receivers),
    };
    let stores = Stores {
        catalog: Arc::new(catalog),
        ..Arc::new(memory.clone()).into()
    };
    let folder = TempDir::new().unwrap();
    let tokens = Tokens::open(folder.path()).unwrap();
    let metrics = Metrics::new(&Registry::new()).unwrap();
    let (link, to_sfu) = mpsc::channel(16);
    let config = Config::new(folder.path());
    World {
        state: State::new(config, tokens, stores, metrics, link),
        memory,
        gates,
        _folder: folder,
        _to_sfu: to_sfu,
    }
}

impl World {
    /// Has many ask for a room, then lets its opening go on with `found`. Returns the answers.
    async fn ask(
        &mut self,
        room: &str,
        found: Result<(), CatalogError>,
    ) -> Vec<Result<(), NotOpen>> {
        let ask = || {
            let mut asker = Box::pin(self.state.rooms.room(room));
            assert!((&mut asker).now_or_never().is_none(), "it waits");
            asker
        };
        let mut askers: Vec<_> = (0..ASKERS).map(|_| ask()).collect();
        // The room's task begins, and one more comes.
        yield_now().await;
        askers.push(ask());
        self.gates.pop_front().unwrap().send(found).unwrap();
        let mut answers = Vec::new();
        for asker in askers {
            answers.push(asker.await.map(drop));
        }
        answers
    }
}

#[tokio::test]
async fn opening1_all_who_ask_meanwhile_share_one_opening() {
    let mut world = world(1).await;
    let answers = world.ask(ROOM, Ok(())).await;
    assert_eq!(answers, [Ok(()); ASKERS + 1]);
    let later = world.state.rooms.room(ROOM).await;
    assert!(later.is_ok(), "the room is open");
    let lease = fmz_store::OpLog::open(&world.memory, ROOM).await;
    assert_eq!(lease.unwrap().lease.epoch(), Epoch(2), "it was opened once");
}

#[tokio::test]
async fn opening2_a_failed_opening_is_told_to_all_and_the_next_asker_tries_again() {
    let mut world = world(3).await;
    for _ in 0..2 {
        let failure = CatalogError::Failed("no answer".into());
        let answers = world.ask(ROOM, Err(failure)).await;
        assert_eq!(answers, [Err(NotOpen::Storage); ASKERS + 1]);
        assert_eq!(world.state.metrics.rooms.get(), 0);
    }
    let answers = world.ask(ROOM, Ok(())).await;
    assert_eq!(answers, [Ok(()); ASKERS + 1]);
    assert_eq!(world.state.metrics.rooms.get(), 1);
}

#[tokio::test]
async fn opening2_a_room_that_is_not_there_is_not_kept() {
    let mut world = world(1).await;
    let answers = world.ask("nowhere", Ok(())).await;
    assert_eq!(answers, [Err(NotOpen::Unknown); ASKERS + 1]);
    assert_eq!(world.state.metrics.rooms.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn opening3_who_waits_for_long_is_told_to_come_again_and_the_opening_goes_on() {
    let mut world = world(1).await;
    let waited = world.state.rooms.room(ROOM).await;
    assert_eq!(waited.map(drop), Err(NotOpen::Closing));
    world.gates.pop_front().unwrap().send(Ok(())).unwrap();
    let later = world.state.rooms.room(ROOM).await;
    assert!(later.is_ok(), "by the same opening: no other is expected");
}

#[tokio::test]
async fn opening2_an_opener_that_is_gone_leaves_nobody_waiting() {
    let (opener, opening) = opening();
    let asker = tokio::spawn(opening.outcome());
    yield_now().await;
    drop(opener);
    assert_eq!(asker.await.unwrap(), Err(NotOpen::Closing));
}
