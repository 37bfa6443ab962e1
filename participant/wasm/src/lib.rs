//! A participant for JavaScript: whole frames go in and out, and the page decodes nothing of the
//! document but the objects that it draws.
//!
//! One class, [`JsParticipant`], over [`fmz_participant::Participant`], and the frames of a picture
//! from [`fmz_media`]. Times are milliseconds of a clock that never goes back. Numbers that
//! protobuf calls `uint64` are `BigInt`. What fails throws an `Error` with a `code`; the
//! participant is then as before.

mod error;
mod frames;
mod outcome;

use bytes::Bytes;
use error::{Failure, decode};
use fmz_annotation::{ObjectId, OpError, OrderKey, Replica};
use fmz_participant::{Channel, Introduction, Moment, Participant, Path};
use fmz_proto::{Message, v1};
pub use frames::{frame_at, timecode};
use outcome::{JsAuthor, JsSent, JsTold};
use std::time::Duration;
use wasm_bindgen::prelude::wasm_bindgen;

/// The way on which a frame travels.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The WebSocket.
    Socket,
    /// The data channel `ops`.
    Ops,
    /// The data channel `live`.
    Live,
}

impl From<Way> for Path {
    fn from(way: Way) -> Self {
        match way {
            Way::Socket => Self::Socket,
            Way::Ops => Self::Channel(Channel::Ops),
            Way::Live => Self::Channel(Channel::Live),
        }
    }
}

/// One participant of a room, with its document.
#[wasm_bindgen(js_name = Participant)]
#[derive(Debug)]
pub struct JsParticipant {
    participant: Participant,
    /// Highest number of an author that was told.
    authors_told: u32,
}

#[wasm_bindgen(js_class = Participant)]
impl JsParticipant {
    /// Makes a participant that has no connection and an empty document.
    #[wasm_bindgen(constructor)]
    pub fn new(token: String, name: String, session_key: Vec<u8>, transport: bool) -> Self {
        let introduction = Introduction {
            token,
            name,
            session_key: Bytes::from(session_key),
            transport,
            // A page does not see the WebSocket's own pings.
            pings: true,
        };
        Self {
            participant: Participant::new(introduction),
            authors_told: 0,
        }
    }

    /// Takes note of a new connection, and says `Hello` on it.
    pub fn connected(&mut self, now: f64) {
        self.participant.handle_connected(moment(now));
    }

    /// Takes note that the connection is gone, and its data channels with it.
    pub fn disconnected(&mut self) {
        self.participant.handle_disconnected();
    }

    /// Takes note that a data channel opened, or closed.
    #[wasm_bindgen(js_name = setChannel)]
    pub fn set_channel(&mut self, way: Way, open: bool, now: f64) {
        if let Path::Channel(channel) = way.into() {
            self.participant.handle_channel(channel, open, moment(now));
        }
    }

    /// Takes a frame of the server.
    ///
    /// # Errors
    /// Throws if the server broke the protocol: the connection is to be given up.
    #[wasm_bindgen(js_name = receiveFrame)]
    pub fn receive_frame(&mut self, way: Way, frame: &[u8], now: f64) -> Result<(), Failure> {
        Ok(self
            .participant
            .handle_frame(way.into(), frame, moment(now))?)
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: f64) {
        self.participant.handle_timeout(moment(now));
    }

    /// When `timeout` is to be called, if ever.
    #[wasm_bindgen(getter, js_name = dueAt)]
    pub fn due_at(&self) -> Option<f64> {
        let due = self.participant.poll_timeout()?;
        Some(due.since_beginning().as_micros() as f64 / 1000.0)
    }

    /// The frames to send now, in order.
    #[wasm_bindgen(js_name = nextFrames, unchecked_return_type = "Sent[]")]
    pub fn next_frames(&mut self) -> Vec<JsSent> {
        let sent = std::iter::from_fn(|| self.participant.poll_transmit());
        sent.map(JsSent::from).collect()
    }

    /// What the page has to know, in order.
    #[wasm_bindgen(js_name = nextEvents, unchecked_return_type = "Told[]")]
    pub fn next_events(&mut self) -> Vec<JsTold> {
        let events = std::iter::from_fn(|| self.participant.poll_event());
        events.filter_map(outcome::told).collect()
    }

    /// Sends a `ClientMessage` over the WebSocket; without a welcome it is dropped.
    ///
    /// # Errors
    /// Throws if the bytes are no message.
    pub fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        let message: v1::ClientMessage = decode(message)?;
        if let Some(message) = message.message {
            self.participant.send(message);
        }
        Ok(())
    }

    /// Moves the own pointer on the picture.
    pub fn point(&mut self, x: i32, y: i32, now: f64) {
        self.participant
            .point(Some(v1::Point { x, y }), moment(now));
    }

    /// Takes the own pointer off the picture.
    #[wasm_bindgen(js_name = pointNowhere)]
    pub fn point_nowhere(&mut self, now: f64) {
        self.participant.point(None, moment(now));
    }

    /// The way on which ops go now: `socket`, `ops`, or nothing.
    #[wasm_bindgen(getter)]
    pub fn way(&self) -> Option<String> {
        self.participant
            .path()
            .map(|path| outcome::way(path).to_owned())
    }

    /// Changes the view by the ops of an `OpBatch` (its numbers do not count) and sends them.
    ///
    /// # Errors
    /// Throws for the first op that the server would refuse; then none is taken.
    pub fn submit(&mut self, ops: &[u8], now: f64) -> Result<(), Failure> {
        let batch: v1::OpBatch = decode(ops)?;
        Ok(self.participant.submit(&batch.ops, moment(now))?)
    }

    /// The same for ops of which the first creates an object: they, and all behind them, leave when
    /// `restamp` has said which frame it is on.
    ///
    /// # Errors
    /// As `submit`.
    #[wasm_bindgen(js_name = submitHeld)]
    pub fn submit_held(
        &mut self,
        author: u32,
        counter: u32,
        ops: &[u8],
        now: f64,
    ) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        let batch: v1::OpBatch = decode(ops)?;
        Ok(self.participant.submit_held(id, &batch.ops, moment(now))?)
    }

    /// Replaces the `FrameStamp` of an object whose create has not left yet, as if it had been
    /// created with the new one, and lets it go. Returns false if it stays as it was: the create
    /// has left or is not pending at all, or the server would refuse the stamp.
    pub fn restamp(&mut self, author: u32, counter: u32, stamp: &[u8], now: f64) -> bool {
        let Some(id) = ObjectId::new(author, counter) else {
            return false;
        };
        match decode(stamp) {
            Ok(frame) => self.participant.restamp(id, &frame, moment(now)),
            // Whatever is wrong with the frame, the mark must leave.
            Err(_) => {
                self.edit(|replica| replica.release(id), now);
                false
            }
        }
    }

    /// Draws an object after all others that are seen.
    ///
    /// # Errors
    /// Throws if this author may not change it, or no place is left.
    #[wasm_bindgen(js_name = bringToFront)]
    pub fn bring_to_front(&mut self, author: u32, counter: u32, now: f64) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.edit(|replica| replica.bring_to_front(id), now)?)
    }

    /// Draws an object before all others that are seen.
    ///
    /// # Errors
    /// As `bringToFront`.
    #[wasm_bindgen(js_name = sendToBack)]
    pub fn send_to_back(&mut self, author: u32, counter: u32, now: f64) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.edit(|replica| replica.send_to_back(id), now)?)
    }

    /// Begins a gesture: what is submitted until `endGroup` is undone as one.
    #[wasm_bindgen(js_name = beginGroup)]
    pub fn begin_group(&mut self, now: f64) {
        self.edit(Replica::begin_group, now);
    }

    /// Ends the gesture.
    #[wasm_bindgen(js_name = endGroup)]
    pub fn end_group(&mut self, now: f64) {
        self.edit(Replica::end_group, now);
    }

    /// Takes back the last gesture; false when there is none.
    pub fn undo(&mut self, now: f64) -> bool {
        self.edit(Replica::undo, now)
    }

    /// Does again what was undone last; false when there is none.
    pub fn redo(&mut self, now: f64) -> bool {
        self.edit(Replica::redo, now)
    }

    /// Whether `undo` would change something.
    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> bool {
        self.replica().can_undo()
    }

    /// Whether `redo` would change something.
    #[wasm_bindgen(getter, js_name = canRedo)]
    pub fn can_redo(&self) -> bool {
        self.replica().can_redo()
    }

    /// Returns the visible objects in drawing order, an `ObjectList`. Their changes count as taken.
    #[wasm_bindgen(js_name = takeObjects)]
    pub fn take_objects(&mut self) -> Vec<u8> {
        self.participant.take_objects().encode_to_vec()
    }

    /// The objects that changed since the last call, an `ObjectList` in order of id; those not to
    /// be shown any more are `deleted`. They are drawn in order of `created_revision`, after them
    /// those with 0, in order of their counters.
    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&mut self) -> Vec<u8> {
        self.participant.take_changes().encode_to_vec()
    }

    /// The authors who came since the last call.
    #[wasm_bindgen(js_name = takeAuthors, unchecked_return_type = "Author[]")]
    pub fn take_authors(&mut self) -> Vec<JsAuthor> {
        let document = self.participant.replica().document();
        let new = document.authors_after(self.authors_told);
        let authors = new.map(|(number, author)| outcome::author(number, author));
        let authors = authors.collect();
        self.authors_told = document.next_author().saturating_sub(1);
        authors
    }

    /// Returns the `Media` that has an id; nothing if the document does not know it.
    pub fn media(&self, id: &str) -> Option<Vec<u8>> {
        let media = self.replica().document().media(id)?;
        Some(v1::Media::from(media).encode_to_vec())
    }

    /// The counter for the id of the next object; 0 without an author.
    #[wasm_bindgen(js_name = nextCounter)]
    pub fn next_counter(&self) -> u32 {
        self.replica().next_id().map_or(0, |id| id.counter())
    }

    /// Number of the author who writes here, 0 for none.
    #[wasm_bindgen(getter)]
    pub fn author(&self) -> u32 {
        self.replica().author()
    }

    /// Revision of the committed document.
    #[wasm_bindgen(getter)]
    pub fn revision(&self) -> u64 {
        self.replica().revision()
    }

    /// Hash of the committed document: equal wherever the document is.
    #[wasm_bindgen(getter, js_name = stateHash)]
    pub fn state_hash(&self) -> u64 {
        self.replica().document().state_hash()
    }

    /// Ops that the server has not confirmed.
    #[wasm_bindgen(getter, js_name = pendingCount)]
    pub fn pending_count(&self) -> usize {
        self.replica().pending_count()
    }
}

impl JsParticipant {
    fn replica(&self) -> &Replica {
        self.participant.replica()
    }

    fn edit<T>(&mut self, work: impl FnOnce(&mut Replica) -> T, now: f64) -> T {
        self.participant.edit(work, moment(now))
    }
}

/// Times are kept to the microsecond, so that one that was given out comes back as it was.
fn moment(ms: f64) -> Moment {
    // A float below 0, or none at all, becomes 0.
    Moment::after_beginning(Duration::from_micros((ms * 1000.0).round() as u64))
}

/// A key of the drawing order after the one and before the other; at the end of the order where one
/// is left out. For an object without a key it is the 8 bytes of its `created_revision`,
/// big-endian.
///
/// # Errors
/// Throws `out_of_range` where `before` does not lie before `after`, `order_exhausted` where
/// nothing is left between.
#[wasm_bindgen(js_name = orderBetween)]
pub fn order_between(before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let key = OrderKey::between(before.as_deref(), after.as_deref())?;
    Ok(key.as_bytes().to_vec())
}
