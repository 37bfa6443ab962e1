//! The shared document for JavaScript.
//!
//! One class, [`AnnotationReplica`], over [`fmz_annotation::Replica`]. Messages come and go as protobuf bodies, without
//! the head byte of a frame. Numbers that protobuf calls `uint64` are `BigInt`. What fails throws an `Error` with a
//! `code` from `docs/SPEC-annotation.md`; the replica is then as before.

mod error;
mod result;

use error::{Failure, decode};
use fmz_annotation::{Authority, ObjectId, OpError, OrderKey, Replica};
use fmz_proto::{Message, v1};
use result::{JsLost, JsReceived};
use wasm_bindgen::prelude::wasm_bindgen;

/// A client's document: the committed one with its own unconfirmed changes on top.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct AnnotationReplica {
    replica: Replica,
}

#[wasm_bindgen]
impl AnnotationReplica {
    /// Makes an empty document that may only be looked at: give it an author to write.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which author writes here (0: none), and its last batch that the server holds, both as in `Welcome`.
    /// The same author keeps its pending changes; another one loses them.
    #[wasm_bindgen(js_name = setAuthor)]
    pub fn set_author(&mut self, author: u32, last_client_seq: u64) -> JsLost {
        self.replica.set_author(author, last_client_seq).into()
    }

    /// Lets this author change and delete everybody's objects: it has the grant `own`.
    #[wasm_bindgen(js_name = setOwner)]
    pub fn set_owner(&mut self, owner: bool) {
        self.replica.set_authority(match owner {
            true => Authority::Owner,
            false => Authority::Author,
        });
    }

    /// Replaces the committed document by a `DocumentSnapshot` and applies what is pending on it.
    ///
    /// # Errors
    /// Throws where the bytes are no snapshot.
    pub fn load(&mut self, snapshot: &[u8]) -> Result<JsLost, Failure> {
        let lost = self.replica.load(decode(snapshot)?)?;
        Ok(lost.into())
    }

    /// Applies a `Committed`. Where batches are missing before it, `gap` is true: send `Resync` with `revision`.
    ///
    /// # Errors
    /// Throws where the batches do not fit the document: send `Resync` with revision 0 and load the snapshot.
    pub fn receive(&mut self, committed: &[u8]) -> Result<JsReceived, Failure> {
        let committed: v1::Committed = decode(committed)?;
        let received = self.replica.receive(&committed)?;
        Ok(received.into())
    }

    /// Applies a `Committed` that is a copy: one that is ahead waits for what is missing and is never a gap.
    ///
    /// # Errors
    /// As `receive`.
    #[wasm_bindgen(js_name = receiveCopy)]
    pub fn receive_copy(&mut self, committed: &[u8]) -> Result<JsReceived, Failure> {
        let committed: v1::Committed = decode(committed)?;
        let received = self.replica.receive_copy(&committed)?;
        Ok(received.into())
    }

    /// Takes an `OpCopies` with the newest un-acknowledged batches, each a few times at most; nothing where there are
    /// none.
    #[wasm_bindgen(js_name = takeCopies)]
    pub fn take_copies(&mut self) -> Option<Vec<u8>> {
        let copies = self.replica.take_copies()?;
        Some(copies.encode_to_vec())
    }

    /// Changes the view by the ops of an `OpBatch` (its numbers do not count) and keeps them for the next batches.
    ///
    /// # Errors
    /// Throws for the first op that the server would refuse; then none is taken.
    pub fn submit(&mut self, ops: &[u8]) -> Result<(), Failure> {
        let batch: v1::OpBatch = decode(ops)?;
        self.replica.submit(&batch.ops)?;
        Ok(())
    }

    /// Keeps the op that creates this object, and all ops after it, out of batches until
    /// `release`. Returns false, and holds nothing, if too many objects are held.
    pub fn hold(&mut self, author: u32, counter: u32) -> bool {
        let id = ObjectId::new(author, counter);
        id.is_some_and(|id| self.replica.hold(id))
    }

    /// Lets the ops of an object go into batches, unless one before them is held.
    pub fn release(&mut self, author: u32, counter: u32) {
        if let Some(id) = ObjectId::new(author, counter) {
            self.replica.release(id);
        }
    }

    /// Replaces the `FrameStamp` of an object whose create is in no batch yet, as if it had been
    /// created with the new one. Returns false, and changes nothing, if the create is in a batch or
    /// not pending at all, or if the server would refuse the stamp.
    ///
    /// # Errors
    /// Throws if the bytes are no stamp.
    pub fn restamp(&mut self, author: u32, counter: u32, stamp: &[u8]) -> Result<bool, Failure> {
        let frame: v1::FrameStamp = decode(stamp)?;
        let id = ObjectId::new(author, counter);
        Ok(id.is_some_and(|id| self.replica.restamp(id, &frame)))
    }

    /// Draws an object after all others that are seen.
    ///
    /// # Errors
    /// Throws where this author may not change it, or no place is left.
    #[wasm_bindgen(js_name = bringToFront)]
    pub fn bring_to_front(&mut self, author: u32, counter: u32) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.replica.bring_to_front(id)?)
    }

    /// Draws an object before all others that are seen.
    ///
    /// # Errors
    /// As `bringToFront`.
    #[wasm_bindgen(js_name = sendToBack)]
    pub fn send_to_back(&mut self, author: u32, counter: u32) -> Result<(), Failure> {
        let id = ObjectId::new(author, counter).ok_or(OpError::UnknownObject)?;
        Ok(self.replica.send_to_back(id)?)
    }

    /// Begins a gesture: what is submitted until `endGroup` is undone as one.
    #[wasm_bindgen(js_name = beginGroup)]
    pub fn begin_group(&mut self) {
        self.replica.begin_group();
    }

    /// Ends the gesture.
    #[wasm_bindgen(js_name = endGroup)]
    pub fn end_group(&mut self) {
        self.replica.end_group();
    }

    /// Takes the next `OpBatch` to be sent, with at most so many ops; nothing when none waits.
    #[wasm_bindgen(js_name = takeBatch)]
    pub fn take_batch(&mut self, ops_max: u32) -> Option<Vec<u8>> {
        let ops_max = usize::try_from(ops_max).unwrap_or(usize::MAX);
        let batch = self.replica.take_batch(ops_max)?;
        Some(batch.encode_to_vec())
    }

    /// The `OpBatch`es that were taken and not acknowledged, oldest first.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array[]")]
    pub fn unacked(&self) -> Vec<result::JsBytes> {
        let batches = self.replica.unacked();
        batches
            .iter()
            .map(|batch| result::bytes(&batch.encode_to_vec()))
            .collect()
    }

    /// Takes back a batch that the server refused, and those that depended on it.
    pub fn rejected(&mut self, client_seq: u64) -> JsLost {
        self.replica.rejected(client_seq).into()
    }

    /// Takes back the last gesture; false when there is none.
    pub fn undo(&mut self) -> bool {
        self.replica.undo()
    }

    /// Does again what was undone last; false when there is none.
    pub fn redo(&mut self) -> bool {
        self.replica.redo()
    }

    /// Whether `undo` would change something.
    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> bool {
        self.replica.can_undo()
    }

    /// Whether `redo` would change something.
    #[wasm_bindgen(getter, js_name = canRedo)]
    pub fn can_redo(&self) -> bool {
        self.replica.can_redo()
    }

    /// The visible objects in drawing order, an `ObjectList`.
    pub fn objects(&self) -> Vec<u8> {
        self.replica.objects().encode_to_vec()
    }

    /// The objects that changed since the last call, an `ObjectList` in order of id; those not to be shown any more are
    /// `deleted`. They are drawn in order of `created_revision`, after them those with 0, in order of their counters.
    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&mut self) -> Vec<u8> {
        self.replica.take_changes().encode_to_vec()
    }

    /// A number that changes whenever the view may look different.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> f64 {
        // A change a microsecond for 285 years stays exact.
        self.replica.version() as f64
    }

    /// The counter for the id of the next object; 0 without an author.
    #[wasm_bindgen(js_name = nextCounter)]
    pub fn next_counter(&self) -> u32 {
        self.replica.next_id().map_or(0, |id| id.counter())
    }

    /// Number of the author who writes here, 0 for none.
    #[wasm_bindgen(getter)]
    pub fn author(&self) -> u32 {
        self.replica.author()
    }

    /// Revision of the committed document.
    #[wasm_bindgen(getter)]
    pub fn revision(&self) -> u64 {
        self.replica.revision()
    }

    /// Hash of the committed document: equal wherever the document is.
    #[wasm_bindgen(getter, js_name = stateHash)]
    pub fn state_hash(&self) -> u64 {
        self.replica.document().state_hash()
    }

    /// Ops that the server has not confirmed.
    #[wasm_bindgen(getter, js_name = pendingCount)]
    pub fn pending_count(&self) -> usize {
        self.replica.pending_count()
    }

    /// Ops that wait for `takeBatch`.
    #[wasm_bindgen(getter, js_name = queuedCount)]
    pub fn queued_count(&self) -> usize {
        self.replica.queued_count()
    }

    /// The committed document, a `DocumentSnapshot`.
    pub fn snapshot(&self) -> Vec<u8> {
        self.replica.document().snapshot().encode_to_vec()
    }
}

/// A key of the drawing order after the one and before the other; at the end of the order where one is left out. For an object without a
/// key it is the 8 bytes of its `created_revision`, big-endian.
///
/// # Errors
/// Throws `out_of_range` where `before` does not lie before `after`, `order_exhausted` where nothing is left between.
#[wasm_bindgen(js_name = orderBetween)]
pub fn order_between(before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let key = OrderKey::between(before.as_deref(), after.as_deref())?;
    Ok(key.as_bytes().to_vec())
}
