//! Actions of a person on a page.

use super::{
    Page, make,
    values::{frames, kind, place, points, thread_value, value, words},
};
use crate::{judge::Judge, plant::Plant, random::Random};
use fmz_annotation::text::{Edit, Step};
use fmz_annotation::{ObjectId, Replica};
use fmz_participant::Participant;
use fmz_proto::v1::{self, Kind, ObjectState, clear::Scope, property::Value};
use std::collections::BTreeMap;

/// Appends in one stroke at most.
const APPENDS_MAX: u64 = 12;

/// A stroke under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    id: ObjectId,
    left: u64,
}

impl Page {
    /// Does one action, or goes on with the stroke under way.
    pub(crate) fn act(&mut self, random: &mut Random, judge: &mut Judge) {
        if self.replica().author() == 0 {
            return;
        }
        self.learn_frame(judge);
        if let Some(stroke) = self.stroke {
            self.draw_on(stroke, random, judge);
            return;
        }
        match random.below(32) {
            0..=5 => self.begin_stroke(random, judge),
            6..=8 => self.shape(random, judge),
            9..=11 => self.change(random, judge),
            12..=14 => self.shift(random, judge),
            15 => self.hide_or_show(random, judge),
            16..=17 => self.discuss(random, judge),
            18..=19 => self.walk(Replica::undo, judge),
            20 => self.walk(Replica::redo, judge),
            21..=22 => self.change_and_take_back(random, judge),
            23 if random.percent(30) => self.clear(random, judge),
            24..=26 => self.write(random, judge),
            27 => self.keep_version(random),
            28 => self.restore(random),
            29 => self.look_back(random),
            _ => {
                // A gesture with several changes is one step of undo.
                self.edit(Replica::begin_group, judge);
                for _ in 0..random.between(2, 5) {
                    self.change(random, judge);
                }
                self.edit(Replica::end_group, judge);
            }
        }
    }

    /// Lifts the pen.
    pub(crate) fn rest(&mut self, judge: &mut Judge) {
        self.learn_frame(judge);
        if let Some(stroke) = self.stroke.take() {
            self.submit(&[make::end(stroke.id)], judge);
            self.edit(Replica::end_group, judge);
        }
    }

    fn begin_stroke(&mut self, random: &mut Random, judge: &mut Judge) {
        let Some(id) = self.replica().next_id() else {
            return;
        };
        self.edit(Replica::begin_group, judge);
        let frame = random.between(0, 5000) as u32;
        let brush = make::create(id, Kind::Brush.into(), frame, vec![Value::Width(40)]);
        let ops = [brush, make::append(id, &points(random))];
        if self.draw(id, frame, &ops, judge) {
            let left = random.between(0, APPENDS_MAX);
            self.stroke = Some(Stroke { id, left });
        } else {
            self.edit(Replica::end_group, judge);
        }
    }

    fn draw_on(&mut self, Stroke { id, left }: Stroke, random: &mut Random, judge: &mut Judge) {
        if left == 0 {
            self.rest(judge);
            return;
        }
        // If the stroke was undone meanwhile, the append is refused and the pen stops.
        if self.submit(&[make::append(id, &points(random))], judge) {
            let left = left - 1;
            self.stroke = Some(Stroke { id, left });
        } else {
            self.stroke = None;
            self.edit(Replica::end_group, judge);
        }
    }

    fn shape(&mut self, random: &mut Random, judge: &mut Judge) {
        let Some(id) = self.replica().next_id() else {
            return;
        };
        let kind = kind(random);
        let mut values = vec![Value::Start(place(random)), Value::End(place(random))];
        if kind == i32::from(Kind::Text) {
            values.push(Value::Text(words(random)));
        }
        let frame = random.between(0, 5000) as u32;
        self.draw(id, frame, &[make::create(id, kind, frame, values)], judge);
    }

    fn shift(&mut self, random: &mut Random, judge: &mut Judge) {
        if let Some(id) = self.pick(random) {
            self.submit(&[make::add(id, place(random))], judge);
        }
    }

    /// Answers a pin, or changes the status of its thread; any page may do so on any pin.
    fn discuss(&mut self, random: &mut Random, judge: &mut Judge) {
        let objects = self.replica().objects().objects;
        let is_pin = |object: &&ObjectState| object.kind() == Kind::Pin;
        let pins: Vec<_> = objects
            .iter()
            .filter(is_pin)
            .filter_map(|pin| pin.id)
            .collect();
        let pin = random
            .pick(&pins)
            .and_then(|pin| ObjectId::new(pin.author, pin.counter));
        let (Some(pin), Some(id)) = (pin, self.replica().next_id()) else {
            return;
        };
        let op = if random.percent(50) {
            make::set(pin, thread_value(random))
        } else {
            make::reply(id, pin, words(random))
        };
        self.submit(&[op], judge);
    }

    fn clear(&mut self, random: &mut Random, judge: &mut Judge) {
        let scope = if random.percent(20) {
            Scope::All(true)
        } else {
            Scope::Frames(v1::FrameScope {
                frames: Some(frames(random)),
                media: self.media(),
                ..v1::FrameScope::default()
            })
        };
        self.submit(&[make::clear(scope)], judge);
    }

    fn change(&mut self, random: &mut Random, judge: &mut Judge) {
        if let Some(id) = self.pick(random) {
            self.submit(&[make::set(id, value(random))], judge);
        }
    }

    /// Edits a text at a random place, or begins one on an object without text.
    fn write(&mut self, random: &mut Random, judge: &mut Judge) {
        let Some(id) = self.pick(random) else { return };
        let Some(object) = self.replica().object(id) else {
            return;
        };
        let length = object.text().chars().count() as u64;
        let at = random.between(0, length);
        let gone = random.between(0, (length - at).min(4));
        let steps = [
            Step::Retain(at as u32),
            Step::Insert(words(random)),
            Step::Delete(gone as u32),
        ];
        self.submit(&[make::edit(id, Edit::from_iter(steps))], judge);
    }

    fn hide_or_show(&mut self, random: &mut Random, judge: &mut Judge) {
        let hidden = random.percent(50);
        let objects = self.replica().document().objects();
        let ids: Vec<_> = objects
            .filter(|object| object.deleted() == hidden)
            .map(|object| object.id())
            .collect();
        let some: Vec<_> = (0..random.between(1, 4))
            .filter_map(|_| random.pick(&ids).copied())
            .collect();
        if !some.is_empty() {
            self.submit(&[make::deleted(&some, !hidden)], judge);
        }
    }

    fn walk(&mut self, step: fn(&mut Replica) -> bool, judge: &mut Judge) {
        self.edit(step, judge);
    }

    /// Makes a change, undoes and redoes it. Undo must give the view from before, redo the view
    /// from after.
    fn change_and_take_back(&mut self, random: &mut Random, judge: &mut Judge) {
        let before = self.shown();
        let changes = self.replica().pending_count();
        match random.below(7) {
            0 => self.shape(random, judge),
            1 => self.change(random, judge),
            2 => self.shift(random, judge),
            3 => self.discuss(random, judge),
            4 => self.clear(random, judge),
            5 => self.write(random, judge),
            _ => self.hide_or_show(random, judge),
        }
        let after = self.shown();
        if self.replica().pending_count() == changes || after == before {
            return;
        }
        self.walk(Replica::undo, judge);
        if self.plant == Some(Plant::UndoTwice) {
            self.walk(Replica::undo, judge);
        }
        judge.undone(self.index, self.shown() == before, "undo");
        self.walk(Replica::redo, judge);
        judge.undone(self.index, self.shown() == after, "redo");
    }

    fn pick(&self, random: &mut Random) -> Option<ObjectId> {
        let objects = self.replica().objects().objects;
        let own = self.replica().author();
        let ids: Vec<_> = objects
            .iter()
            .filter_map(|object| object.id)
            .filter(|id| id.author == own || self.plan.believes_own)
            .collect();
        let id = random.pick(&ids)?;
        ObjectId::new(id.author, id.counter)
    }

    /// Returns the objects on the screen, without their writers and revisions.
    fn shown(&self) -> BTreeMap<(u32, u32), ObjectState> {
        let objects = self.replica().objects().objects.into_iter();
        let content = |mut object: ObjectState| {
            let id = object.id.unwrap_or_default();
            object.writers.clear();
            object.pending = false;
            ((id.author, id.counter), object)
        };
        objects.map(content).collect()
    }

    /// Applies ops; returns whether they were accepted.
    fn submit(&mut self, ops: &[v1::Op], judge: &mut Judge) -> bool {
        self.submit_new(None, ops, judge)
    }

    /// Applies ops; if `held` is given, its create waits until its frame is known.
    pub(super) fn submit_new(
        &mut self,
        held: Option<ObjectId>,
        ops: &[v1::Op],
        judge: &mut Judge,
    ) -> bool {
        let ops = &self.on_screen(ops);
        let made = match self.plant {
            Some(Plant::TakeForCertain) => make::certain(ops),
            _ => ops.to_vec(),
        };
        let submit = |participant: &mut Participant, now| match held {
            Some(id) => participant.submit_held(id, &made, now),
            None => participant.submit(&made, now),
        };
        let taken = self.drive(submit, judge).is_ok();
        if taken {
            self.created.extend(super::created(ops));
            self.see_own(judge);
        }
        taken
    }
}
