//! One page: a participant, the shell around it, and the person who uses it.

mod frame;
mod hand;
mod make;
mod past;
mod publish;
mod screen;
mod session;
mod values;

pub(crate) use past::Ask;

use crate::{event::LinkId, judge::Judge, plan::PagePlan, plant::Plant};
use bytes::Bytes;
use fmz_annotation::{FrameStamp, ObjectId, Replica};
use fmz_participant::{Introduction, Moment, Participant, Transmit};
use fmz_proto::v1;
use frame::Unsure;
use hand::Stroke;
use screen::Screen;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) index: usize,
    pub(crate) plan: PagePlan,
    participant: Participant,
    /// Connection, as far as the page knows.
    pub(crate) link: Option<LinkId>,
    /// Life of the data channels that are open for the page.
    pub(crate) channels: Option<u32>,
    /// Frames that leave.
    pub(crate) out: Vec<Transmit>,
    /// Requests made beside the connection.
    pub(crate) asks: Vec<Ask>,
    key: u64,
    /// Whether the participant counts the server as dead.
    silent: bool,
    /// Highest number of a batch that was sent.
    sent: u64,
    tries: u32,
    looks: u32,
    /// Number of versions that got a name from this page.
    named: u32,
    /// Revisions before restores.
    restores: Vec<u64>,
    stroke: Option<Stroke>,
    screen: Screen,
    /// The mark that was drawn last, if its frame is not known for sure yet.
    unsure: Option<Unsure>,
    /// Objects of this page that nobody refused, with the stamps that they were given.
    created: BTreeMap<ObjectId, v1::FrameStamp>,
    /// Objects that each batch creates.
    creates: BTreeMap<u64, Vec<ObjectId>>,
    plant: Option<Plant>,
}

impl Page {
    pub(crate) fn new(index: usize, plan: PagePlan, plant: Option<Plant>) -> Self {
        let key = index as u64 + 1;
        let introduction = Introduction {
            token: subject(&plan),
            name: subject(&plan),
            session_key: session_key(key),
            transport: plan.transport,
            pings: true,
        };
        Self {
            index,
            plan,
            participant: Participant::new(introduction),
            link: None,
            channels: None,
            out: Vec::new(),
            asks: Vec::new(),
            key,
            silent: false,
            sent: 0,
            tries: 0,
            looks: 0,
            named: 0,
            restores: Vec::new(),
            stroke: None,
            screen: Screen::default(),
            unsure: None,
            created: BTreeMap::new(),
            creates: BTreeMap::new(),
            plant,
        }
    }

    pub(crate) fn subject(&self) -> String {
        subject(&self.plan)
    }

    pub(crate) fn session_key(&self) -> Bytes {
        session_key(self.key)
    }

    pub(crate) fn is_welcomed(&self) -> bool {
        self.participant.is_welcomed()
    }

    pub(crate) fn replica(&self) -> &Replica {
        self.participant.replica()
    }

    /// Returns when to wake the page, if ever.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        self.participant.poll_timeout()
    }

    /// Checks that this page's objects exist, and so are on the screen unless deleted, until their
    /// batch is refused. The refusal may be lost with a connection; the page then learns it from
    /// what the log holds. Each object must have the stamp that it was given.
    fn see_own(&mut self, judge: &mut Judge) {
        let gone = |id: &ObjectId| self.replica().object(*id).is_none();
        let Some(missing) = self.created.keys().copied().find(gone) else {
            self.see_stamps(judge);
            return;
        };
        let batch = self.creates.iter().find(|(_, ids)| ids.contains(&missing));
        let seq = batch.map_or(0, |(seq, _)| *seq);
        if judge.is_refused(self.replica().author(), seq) {
            for id in self.creates.remove(&seq).unwrap_or_default() {
                self.created.remove(&id);
            }
            self.see_own(judge);
        } else {
            judge.own_object_gone(self.index, missing);
        }
    }

    fn see_stamps(&self, judge: &mut Judge) {
        let other = |(id, stamp): &(&ObjectId, &v1::FrameStamp)| {
            let object = self.replica().object(**id);
            object.is_some_and(|object| !is_stamp(object.frame(), stamp))
        };
        if let Some((id, _)) = self.created.iter().find(other) {
            judge.own_stamp_changed(self.index, *id);
        }
    }
}

fn subject(plan: &PagePlan) -> String {
    format!("person-{}", plan.subject)
}

fn session_key(key: u64) -> Bytes {
    let mut bytes = [0; fmz_proto::limits::SESSION_KEY_BYTES];
    bytes[..8].copy_from_slice(&key.to_le_bytes());
    Bytes::copy_from_slice(&bytes)
}

/// Compares a stamp field by field, without the conversion that is under test.
fn is_stamp(held: &FrameStamp, made: &v1::FrameStamp) -> bool {
    *held.publication == *made.publication
        && *held.media == *made.media
        && held.rtp_timestamp == made.rtp_timestamp
        && held.frame_index == made.frame_index
        && held.epoch == made.epoch
        && held.uncertain == made.uncertain
}

fn created(ops: &[v1::Op]) -> BTreeMap<ObjectId, v1::FrameStamp> {
    let creates = ops.iter().filter_map(|op| match &op.op {
        Some(v1::op::Op::Create(create)) => {
            let id = create.id?;
            let id = ObjectId::new(id.author, id.counter)?;
            Some((id, create.frame.clone()?))
        }
        _ => None,
    });
    creates.collect()
}
