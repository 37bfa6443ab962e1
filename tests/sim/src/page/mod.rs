//! One participant: a replica, and the session around it as `web/sdk` keeps it.

mod frame;
mod hand;
mod make;
mod past;
mod screen;
mod session;
mod values;

pub(crate) use past::Ask;
pub(crate) use screen::{FILMS, film};
pub(crate) use session::BATCH_INTERVAL;

use crate::{event::LinkId, judge::Judge, plan::PagePlan, plant::Plant};
use bytes::{Bytes, BytesMut};
use fmz_annotation::{Deferred, FrameStamp, ObjectId, Replica};
use fmz_proto::v1::{self, client_message};
use fmz_signaling_core::Path;
use frame::Unsure;
use hand::Stroke;
use screen::Screen;
use std::{collections::BTreeMap, time::Instant};

/// Something that the page says.
#[derive(Debug)]
pub(crate) struct Say {
    pub(crate) path: Path,
    pub(crate) message: client_message::Message,
}

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) index: usize,
    pub(crate) plan: PagePlan,
    pub(crate) replica: Replica,
    /// The connection, as far as the page knows.
    pub(crate) link: Option<LinkId>,
    /// The life of the data channels that are open for the page.
    pub(crate) channels: Option<u32>,
    pub(crate) out: Vec<Say>,
    /// What is asked beside the connection.
    pub(crate) asks: Vec<Ask>,
    /// Whether the pause between two batches is to be begun.
    pub(crate) wants_pause: bool,
    key: u64,
    welcomed: bool,
    path: Option<Path>,
    /// Last own batch that the log is known to hold.
    held: u64,
    /// What goes on the ordered path later.
    deferred: Deferred,
    /// Whether the page is told when something is due there.
    awaits_order: bool,
    /// When it wants to be told.
    pub(crate) ordered_at: Option<Instant>,
    parts: BytesMut,
    resyncing: bool,
    pausing: bool,
    tries: u32,
    looks: u32,
    /// Versions that got a name here.
    named: u32,
    /// Revisions before ways back.
    rollbacks: Vec<u64>,
    stroke: Option<Stroke>,
    screen: Screen,
    /// What was drawn last, if its frame is not known for sure yet.
    unsure: Option<Unsure>,
    /// Own objects that nobody refused, with the stamps that they got here.
    created: BTreeMap<ObjectId, v1::FrameStamp>,
    /// Objects that each batch creates.
    creates: BTreeMap<u64, Vec<ObjectId>>,
    plant: Option<Plant>,
}

impl Page {
    pub(crate) fn new(index: usize, plan: PagePlan, plant: Option<Plant>) -> Self {
        Self {
            index,
            plan,
            replica: Replica::new(),
            link: None,
            channels: None,
            out: Vec::new(),
            asks: Vec::new(),
            wants_pause: false,
            key: index as u64 + 1,
            welcomed: false,
            path: None,
            held: 0,
            deferred: Deferred::default(),
            awaits_order: false,
            ordered_at: None,
            parts: BytesMut::new(),
            resyncing: false,
            pausing: false,
            tries: 0,
            looks: 0,
            named: 0,
            rollbacks: Vec::new(),
            stroke: None,
            screen: Screen::default(),
            unsure: None,
            created: BTreeMap::new(),
            creates: BTreeMap::new(),
            plant,
        }
    }

    pub(crate) fn subject(&self) -> String {
        format!("person-{}", self.plan.subject)
    }

    pub(crate) fn session_key(&self) -> Bytes {
        let mut key = [0; fmz_proto::limits::SESSION_KEY_BYTES];
        key[..8].copy_from_slice(&self.key.to_le_bytes());
        Bytes::copy_from_slice(&key)
    }

    pub(crate) fn is_welcomed(&self) -> bool {
        self.welcomed
    }

    /// Own objects are there, and so on the screen unless deleted, until their batch is refused. The word of that may
    /// be lost with a connection; the page then learns it from what the log holds. Each has the
    /// stamp that it got.
    fn see_own(&mut self, judge: &mut Judge) {
        let gone = |id: &ObjectId| self.replica.object(*id).is_none();
        let Some(missing) = self.created.keys().copied().find(gone) else {
            self.see_stamps(judge);
            return;
        };
        let batch = self.creates.iter().find(|(_, ids)| ids.contains(&missing));
        let seq = batch.map_or(0, |(seq, _)| *seq);
        if judge.is_refused(self.replica.author(), seq) {
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
            let object = self.replica.object(**id);
            object.is_some_and(|object| !is_stamp(object.frame(), stamp))
        };
        if let Some((id, _)) = self.created.iter().find(other) {
            judge.own_stamp_changed(self.index, *id);
        }
    }
}

/// Compares field by field: what turns one into the other is what is tested.
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
