//! Opening a room: once, for everyone who asks for it meanwhile.

use crate::history::{self, Opened};
use fmz_proto::v1::StoredRoom;
use fmz_store::{Lease, OpenedLog, Stores};
use tokio::sync::watch;

/// Why a room cannot be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotOpen {
    /// There is no room of this name.
    Unknown,
    /// The catalog or the room's log cannot be read. The next asker tries again.
    Storage,
    /// The room or the server closes just now.
    Closing,
}

/// The outcome of an opening, `None` as long as there is none.
type Outcome = Option<Result<(), NotOpen>>;

/// The end of an opening that askers wait at. There are as many as sockets and requests wait, and
/// none of them holds more than its place.
#[derive(Debug, Clone)]
pub(super) struct Opening(watch::Receiver<Outcome>);

/// The end that tells them.
pub(super) struct Opener(watch::Sender<Outcome>);

/// Begins an opening.
pub(super) fn opening() -> (Opener, Opening) {
    let (sender, receiver) = watch::channel(None);
    (Opener(sender), Opening(receiver))
}

impl Opening {
    /// Returns once the room is open, or cannot be opened.
    pub(super) async fn outcome(mut self) -> Result<(), NotOpen> {
        let outcome = self.0.wait_for(Option::is_some).await;
        // An opener that ends without a word has panicked.
        outcome.map_or(Err(NotOpen::Closing), |outcome| {
            outcome.expect("it was waited for")
        })
    }
}

impl Opener {
    /// Tells all askers, those that come later included.
    pub(super) fn tell(self, outcome: Result<(), NotOpen>) {
        self.0.send_replace(Some(outcome));
    }
}

/// Everything that a room's task begins with.
pub(super) struct OpenedRoom {
    pub(super) stored: StoredRoom,
    pub(super) lease: Lease,
    pub(super) opened: Opened,
}

/// Opens a room: finds it in the catalog, opens its log, and reads its document.
pub(super) async fn open(stores: &Stores, name: &str) -> Result<OpenedRoom, NotOpen> {
    let failed = |code: &str, text: String| {
        tracing::error!(room = name, code, text, "the room cannot be opened");
        NotOpen::Storage
    };
    let stored = stores.catalog.room(name).await;
    let stored = stored.map_err(|error| failed(error.code(), error.to_string()))?;
    let stored = stored.ok_or(NotOpen::Unknown)?;
    // Before anything is read: so everything that an earlier owner appended is read too.
    let opened_log = stores.log.open(name).await;
    let OpenedLog { lease, .. } =
        opened_log.map_err(|error| failed(error.code(), error.to_string()))?;
    let opened = history::newest(stores, name).await;
    let opened = opened.map_err(|error| failed(error.code(), error.to_string()))?;
    Ok(OpenedRoom {
        stored,
        lease,
        opened,
    })
}
