//! A participant for JavaScript. Whole frames go in and out; of the document, the page decodes only
//! the objects that it draws.
//!
//! One class, [`JsParticipant`], wraps [`fmz_participant::Participant`]; functions over
//! [`fmz_media`] name the frame of a picture. Times are milliseconds on a monotonic clock.
//! Protobuf's `uint64` is a `BigInt`. A failing call throws an `Error` with a `code` and leaves the
//! participant unchanged.

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

/// The path on which a frame travels.
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
    /// Highest author number that was handed out.
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

    /// Notes a new connection and says `Hello` on it.
    pub fn connected(&mut self, now: f64) {
        self.participant.handle_connected(moment(now));
    }

    /// Notes that the connection is gone, and its data channels with it.
    pub fn disconnected(&mut self) {
        self.participant.handle_disconnected();
    }

    /// Notes that a data channel opened or closed.
    #[wasm_bindgen(js_name = setChannel)]
    pub fn set_channel(&mut self, way: Way, open: bool, now: f64) {
        if let Path::Channel(channel) = way.into() {
            self.participant.handle_channel(channel, open, moment(now));
        }
    }

    /// Handles a frame from the server.
    ///
    /// # Errors
    /// Throws if the server broke the protocol; the page must close the connection.
    #[wasm_bindgen(js_name = receiveFrame)]
    pub fn receive_frame(&mut self, way: Way, frame: &[u8], now: f64) -> Result<(), Failure> {
        Ok(self
            .participant
            .handle_frame(way.into(), frame, moment(now))?)
    }

    /// Does whatever is due.
    pub fn timeout(&mut self, now: f64) {
        self.participant.handle_timeout(moment(now));
    }

    /// Returns when to call `timeout`, if ever.
    #[wasm_bindgen(getter, js_name = dueAt)]
    pub fn due_at(&self) -> Option<f64> {
        let due = self.participant.poll_timeout()?;
        Some(due.since_beginning().as_micros() as f64 / 1000.0)
    }

    /// Returns the frames to send now, in order.
    #[wasm_bindgen(js_name = nextFrames, unchecked_return_type = "Sent[]")]
    pub fn next_frames(&mut self) -> Vec<JsSent> {
        let sent = std::iter::from_fn(|| self.participant.poll_transmit());
        sent.map(JsSent::from).collect()
    }

    /// Returns the events for the page, in order.
    #[wasm_bindgen(js_name = nextEvents, unchecked_return_type = "Told[]")]
    pub fn next_events(&mut self) -> Vec<JsTold> {
        let events = std::iter::from_fn(|| self.participant.poll_event());
        events.filter_map(outcome::told).collect()
    }

    /// Sends a `ClientMessage` over the WebSocket; before the welcome it is dropped.
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

    /// Moves this client's pointer on the picture.
    pub fn point(&mut self, x: i32, y: i32, now: f64) {
        self.participant
            .point(Some(v1::Point { x, y }), moment(now));
    }

    /// Takes this client's pointer off the picture.
    #[wasm_bindgen(js_name = pointNowhere)]
    pub fn point_nowhere(&mut self, now: f64) {
        self.participant.point(None, moment(now));
    }

    /// Returns the path on which ops go now: `socket`, `ops`, or nothing.
    #[wasm_bindgen(getter)]
    pub fn way(&self) -> Option<String> {
        self.participant
            .path()
            .map(|path| outcome::way(path).to_owned())
    }

    /// Applies the ops of an `OpBatch` and sends them. The batch's own numbers are ignored.
    ///
    /// # Errors
    /// Throws for the first op that the server would refuse; then no op is applied.
    pub fn submit(&mut self, ops: &[u8], now: f64) -> Result<(), Failure> {
        let batch: v1::OpBatch = decode(ops)?;
        Ok(self.participant.submit(&batch.ops, moment(now))?)
    }

    /// Does the same with ops of which the first creates an object. They, and all ops after them,
    /// leave once `restamp` has named the frame that the object is on.
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
    /// created with the new stamp, and lets it leave. Returns false if the stamp stays as it was:
    /// the create has left, was never pending, or the server would refuse the new stamp.
    pub fn restamp(&mut self, author: u32, counter: u32, stamp: &[u8], now: f64) -> bool {
        let Some(id) = ObjectId::new(author, counter) else {
            return false;
        };
        match decode(stamp) {
            Ok(frame) => self.participant.restamp(id, &frame, moment(now)),
            // A stamp that cannot be read must not hold back the mark.
            Err(_) => {
                self.edit(|replica| replica.release(id), now);
                false
            }
        }
    }

    /// Draws an object after all others that are visible.
    ///
    /// # Errors
    /// Throws if this author may not change the object, or the drawing order has no place left.
    #[wasm_bindgen(js_name = bringToFront)]
    pub fn bring_to_front(&mut self, author: u32, counter: u32, now: f64) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.edit(|replica| replica.bring_to_front(id), now)?)
    }

    /// Draws an object before all others that are visible.
    ///
    /// # Errors
    /// As `bringToFront`.
    #[wasm_bindgen(js_name = sendToBack)]
    pub fn send_to_back(&mut self, author: u32, counter: u32, now: f64) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.edit(|replica| replica.send_to_back(id), now)?)
    }

    /// Begins a gesture: ops submitted until `endGroup` are undone together.
    #[wasm_bindgen(js_name = beginGroup)]
    pub fn begin_group(&mut self, now: f64) {
        self.edit(Replica::begin_group, now);
    }

    /// Ends the gesture.
    #[wasm_bindgen(js_name = endGroup)]
    pub fn end_group(&mut self, now: f64) {
        self.edit(Replica::end_group, now);
    }

    /// Undoes the last gesture; returns false if there is none.
    pub fn undo(&mut self, now: f64) -> bool {
        self.edit(Replica::undo, now)
    }

    /// Redoes the gesture that was undone last; returns false if there is none.
    pub fn redo(&mut self, now: f64) -> bool {
        self.edit(Replica::redo, now)
    }

    /// Returns whether `undo` would change anything.
    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> bool {
        self.replica().can_undo()
    }

    /// Returns whether `redo` would change anything.
    #[wasm_bindgen(getter, js_name = canRedo)]
    pub fn can_redo(&self) -> bool {
        self.replica().can_redo()
    }

    /// Returns the visible objects in drawing order, as an `ObjectList`. Their changes count as
    /// taken.
    #[wasm_bindgen(js_name = takeObjects)]
    pub fn take_objects(&mut self) -> Vec<u8> {
        self.participant.take_objects().encode_to_vec()
    }

    /// Returns the objects that changed since the last call, as an `ObjectList` in order of id;
    /// objects that are no longer shown are marked `deleted`. Objects are drawn in order of
    /// `created_revision`; those with 0 come last, in order of their counters.
    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&mut self) -> Vec<u8> {
        self.participant.take_changes().encode_to_vec()
    }

    /// Returns the authors who came since the last call.
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

    /// Returns the counter for the id of the next object; 0 if there is no author yet.
    #[wasm_bindgen(js_name = nextCounter)]
    pub fn next_counter(&self) -> u32 {
        self.replica().next_id().map_or(0, |id| id.counter())
    }

    /// Returns the number of the author who writes here; 0 if there is none.
    #[wasm_bindgen(getter)]
    pub fn author(&self) -> u32 {
        self.replica().author()
    }

    /// Returns the revision of the committed document.
    #[wasm_bindgen(getter)]
    pub fn revision(&self) -> u64 {
        self.replica().revision()
    }

    /// Returns the hash of the committed document. It is equal on all replicas of a revision.
    #[wasm_bindgen(getter, js_name = stateHash)]
    pub fn state_hash(&self) -> u64 {
        self.replica().document().state_hash()
    }

    /// Returns the number of ops that the server has not confirmed.
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

/// Converts milliseconds to a moment. Times are rounded to the microsecond, so that a time from
/// `dueAt` comes back as the same moment.
fn moment(ms: f64) -> Moment {
    // The cast turns negative numbers and NaN into 0.
    Moment::after_beginning(Duration::from_micros((ms * 1000.0).round() as u64))
}

/// Returns a key of the drawing order that lies after `before` and before `after`. If one of them
/// is left out, the key is bound only by the other. For an object without a key, pass the 8 bytes
/// of its `created_revision`, big-endian.
///
/// # Errors
/// Throws `out_of_range` if `before` is not less than `after`, and `order_exhausted` if no key is
/// left between them.
#[wasm_bindgen(js_name = orderBetween)]
pub fn order_between(before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let key = OrderKey::between(before.as_deref(), after.as_deref())?;
    Ok(key.as_bytes().to_vec())
}
