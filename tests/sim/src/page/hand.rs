//! What a person does on a page.

use super::{Page, make};
use crate::{judge::Judge, plant::Plant, random::Random};
use fmz_annotation::ObjectId;
use fmz_proto::{
    points::Delta,
    v1::{self, Kind, ObjectState, Point, property::Value},
};
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
    /// Does one thing, or goes on with the stroke under way.
    pub(crate) fn act(&mut self, random: &mut Random, judge: &mut Judge) {
        if self.replica.author() == 0 {
            return;
        }
        if let Some(stroke) = self.stroke {
            self.draw_on(stroke, random, judge);
            return;
        }
        match random.below(20) {
            0..=5 => self.begin_stroke(random, judge),
            6..=8 => self.shape(random, judge),
            9..=12 => self.change(random, judge),
            13 => self.hide_or_show(random, judge),
            14..=15 => self.walk(true),
            16 => self.walk(false),
            17 => self.change_and_take_back(random, judge),
            _ => {
                // A gesture with several changes is one step.
                self.replica.begin_group();
                for _ in 0..random.between(2, 5) {
                    self.change(random, judge);
                }
                self.replica.end_group();
            }
        }
    }

    /// Lifts the pen.
    pub(crate) fn rest(&mut self, judge: &mut Judge) {
        if let Some(stroke) = self.stroke.take() {
            self.submit(&[make::end(stroke.id)], judge);
            self.replica.end_group();
        }
    }

    fn begin_stroke(&mut self, random: &mut Random, judge: &mut Judge) {
        let Some(id) = self.replica.next_id() else {
            return;
        };
        self.replica.begin_group();
        let frame = random.between(0, 5000) as u32;
        let brush = make::create(id, Kind::Brush, frame, vec![Value::Width(40)]);
        if self.submit(&[brush, make::append(id, &points(random))], judge) {
            let left = random.between(0, APPENDS_MAX);
            self.stroke = Some(Stroke { id, left });
        } else {
            self.replica.end_group();
        }
    }

    fn draw_on(&mut self, Stroke { id, left }: Stroke, random: &mut Random, judge: &mut Judge) {
        if left == 0 {
            self.rest(judge);
            return;
        }
        // Where the stroke was taken back meanwhile, the pen draws nothing.
        if self.submit(&[make::append(id, &points(random))], judge) {
            let left = left - 1;
            self.stroke = Some(Stroke { id, left });
        } else {
            self.stroke = None;
            self.replica.end_group();
        }
    }

    fn shape(&mut self, random: &mut Random, judge: &mut Judge) {
        let Some(id) = self.replica.next_id() else {
            return;
        };
        let kinds = [Kind::Rectangle, Kind::Ellipse, Kind::Arrow, Kind::Text];
        let kind = kinds[random.below(kinds.len())];
        let mut values = vec![Value::Start(place(random)), Value::End(place(random))];
        if kind == Kind::Text {
            values.push(Value::Text(words(random)));
        }
        let frame = random.between(0, 5000) as u32;
        self.submit(&[make::create(id, kind, frame, values)], judge);
    }

    fn change(&mut self, random: &mut Random, judge: &mut Judge) {
        if let Some(id) = self.pick(random) {
            self.submit(&[make::set(id, value(random))], judge);
        }
    }

    fn hide_or_show(&mut self, random: &mut Random, judge: &mut Judge) {
        let ids: Vec<_> = self.replica.document().objects().collect();
        let picked = random
            .pick(&ids)
            .map(|object| (object.id(), object.deleted()));
        if let Some((id, deleted)) = picked {
            self.submit(&[make::deleted(id, !deleted)], judge);
        }
    }

    fn walk(&mut self, back: bool) {
        let step = if back {
            fmz_annotation::Replica::undo
        } else {
            fmz_annotation::Replica::redo
        };
        step(&mut self.replica);
    }

    /// Undo at once gives what was shown before, redo what was shown after.
    fn change_and_take_back(&mut self, random: &mut Random, judge: &mut Judge) {
        let before = self.shown();
        let changes = self.replica.pending_count();
        match random.below(3) {
            0 => self.shape(random, judge),
            1 => self.change(random, judge),
            _ => self.hide_or_show(random, judge),
        }
        let after = self.shown();
        if self.replica.pending_count() == changes || after == before {
            return;
        }
        self.replica.undo();
        if self.plant == Some(Plant::UndoTwice) {
            self.replica.undo();
        }
        judge.undone(self.index, self.shown() == before, "undo");
        self.replica.redo();
        judge.undone(self.index, self.shown() == after, "redo");
    }

    fn pick(&self, random: &mut Random) -> Option<ObjectId> {
        let objects = self.replica.objects().objects;
        let own = self.replica.author();
        let ids: Vec<_> = objects
            .iter()
            .filter_map(|object| object.id)
            .filter(|id| id.author == own || self.plan.believes_own)
            .collect();
        let id = random.pick(&ids)?;
        ObjectId::new(id.author, id.counter)
    }

    /// What is on the screen, without who wrote it when.
    fn shown(&self) -> BTreeMap<(u32, u32), ObjectState> {
        let objects = self.replica.objects().objects.into_iter();
        let content = |mut object: ObjectState| {
            let id = object.id.unwrap_or_default();
            object.writers.clear();
            object.pending = false;
            ((id.author, id.counter), object)
        };
        objects.map(content).collect()
    }

    /// True where the ops were taken.
    fn submit(&mut self, ops: &[v1::Op], judge: &mut Judge) -> bool {
        let taken = self.replica.submit(ops).is_ok();
        if taken {
            self.created.extend(super::created(ops));
            self.see_own(judge);
        }
        taken
    }
}

fn points(random: &mut Random) -> Vec<Delta> {
    let count = random.between(1, 6);
    let delta = |random: &mut Random| Delta {
        x: random.signed(40),
        y: random.signed(40),
        // One way only, and so little that no stroke leaves the range.
        pressure: random.between(0, 2) as i32,
    };
    (0..count).map(|_| delta(random)).collect()
}

fn place(random: &mut Random) -> Point {
    Point {
        x: random.signed(16_384),
        y: random.signed(9_000),
    }
}

fn words(random: &mut Random) -> String {
    let words = ["too dark", "左边", "hold", "ok 👍", "", "cut here"];
    words[random.below(words.len())].to_owned()
}

fn value(random: &mut Random) -> Value {
    match random.below(4) {
        0 => Value::Color(random.between(0, 1 << 32) as u32),
        1 => Value::Width(random.between(1, 400) as u32),
        2 => Value::Start(place(random)),
        _ => Value::End(place(random)),
    }
}
