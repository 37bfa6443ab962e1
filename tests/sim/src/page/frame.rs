//! The frame of a mark. A page knows it for sure only a moment after the mark was drawn.

use super::{Page, make};
use crate::{judge::Judge, plant::Plant};
use fmz_annotation::ObjectId;
use fmz_participant::Participant;
use fmz_proto::v1;

/// A mark whose stamp will be corrected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsure {
    id: ObjectId,
    /// The frame that the mark is really on.
    frame: u32,
    /// Whether the mark is held back until then.
    held: bool,
}

impl Page {
    /// Draws a new mark. On every second frame the page is wrong by one; on half of these it holds
    /// the mark back until it knows better. The frame's number decides this, not a new random
    /// number, so that old seeds keep their meaning.
    pub(super) fn draw(
        &mut self,
        id: ObjectId,
        frame: u32,
        ops: &[v1::Op],
        judge: &mut Judge,
    ) -> bool {
        let held = frame % 4 == 1;
        let taken = self.submit_new(held.then_some(id), ops, judge);
        if taken && frame % 2 == 1 {
            let frame = frame + 1;
            self.unsure = Some(Unsure { id, frame, held });
        }
        if self.plant == Some(Plant::ReleaseEarly) {
            self.edit(|replica| replica.release(id), judge);
        }
        taken
    }

    /// Corrects the stamp of the mark that was drawn last. A mark that has left keeps its stamp,
    /// and a held mark must not have left.
    pub(super) fn learn_frame(&mut self, judge: &mut Judge) {
        let Some(Unsure { id, frame, held }) = self.unsure.take() else {
            return;
        };
        let stamp = self.seen(make::stamp(frame));
        let sent = self.creates.values().any(|ids| ids.contains(&id));
        let waits = self.created.contains_key(&id) && !sent;
        let restamp = |participant: &mut Participant, now| participant.restamp(id, &stamp, now);
        let done = self.drive(restamp, judge) || self.plant == Some(Plant::RestampLate);
        judge.restamped(self.index, done, done == waits && !(held && sent));
        if done {
            self.created.insert(id, stamp);
        }
        self.see_own(judge);
    }
}
