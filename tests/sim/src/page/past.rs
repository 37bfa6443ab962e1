//! A person's versions: keeps them, looks at them, restores them.

use super::{
    Page, make,
    values::{frames, words},
};
use crate::random::Random;
use fmz_annotation::version::COMMITTER;
use fmz_annotation::{ObjectId, text::Edit, text::Step};
use fmz_proto::v1::{Kind, Op, property::Value};
use fmz_signaling_core::{Command, Commit, Question, Restore, Target, Whose};

/// Restores that a person remembers, the newest ones.
const REMEMBERED: usize = 8;

/// A request to the room.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) command: Command,
    /// Whether the session key goes with the request, so that it counts as made by the page's
    /// author.
    pub(crate) as_page: bool,
}

impl Page {
    pub(super) fn keep_version(&mut self, random: &mut Random) {
        self.named += 1;
        let versions: Vec<_> = self.replica().document().versions().collect();
        let base = random.pick(&versions).map(|version| version.id);
        let base = base.filter(|_| random.percent(50));
        let ops = match random.percent(30) {
            true => self.changes_of_version(random),
            false => Vec::new(),
        };
        let command = Command::Commit(Commit {
            name: format!("{}-{}", self.index, self.named),
            message: words(random),
            base,
            ops,
        });
        self.ask_for(command, random);
    }

    /// Returns changes made outside of any page: a new object, and a change of an existing one.
    fn changes_of_version(&self, random: &mut Random) -> Vec<Op> {
        let mut ops = Vec::new();
        if let Some(new) = ObjectId::new(COMMITTER, 1) {
            let values = vec![Value::Width(7)];
            let frame = random.between(0, 5000) as u32;
            ops.push(make::create(new, Kind::Line.into(), frame, values));
        }
        let ids: Vec<_> = self.replica().document().objects().collect();
        if let Some(object) = random.pick(&ids)
            && self.plan.own
        {
            ops.push(match random.percent(50) {
                true => make::set(object.id(), Value::Color(random.between(0, 1 << 32) as u32)),
                // Inserted at the front, so that the edit fits the text of any base.
                false => make::edit(object.id(), Edit::from_iter([Step::Insert(words(random))])),
            });
        }
        ops
    }

    pub(super) fn restore(&mut self, random: &mut Random) {
        let Some(target) = self.target(random) else {
            return;
        };
        let author = random.between(1, 1 + self.plan.subject as u64 + 3) as u32;
        let whose = match (self.plan.own, random.below(4)) {
            (true, 0 | 1) => Whose::All,
            (true, 2) => Whose::Author(author),
            (false, 0) => Whose::Author(self.replica().author()),
            // Only an owner may restore the marks of all.
            (false, 1) if random.percent(20) => Whose::All,
            _ => Whose::Mine,
        };
        let scope = random
            .percent(35)
            .then(|| frames(random))
            .map(|range| (self.media(), range.first..=range.last));
        let command = Command::Restore(Restore {
            target,
            whose,
            frames: scope,
        });
        self.ask_for(command, random);
    }

    fn target(&self, random: &mut Random) -> Option<Target> {
        let document = self.replica().document();
        let versions: Vec<_> = document.versions().map(|version| version.id).collect();
        let times: Vec<_> = document
            .objects()
            .map(|object| object.created_ms())
            .collect();
        let revision = document.revision();
        match random.below(5) {
            0 => random.pick(&versions).copied().map(Target::Version),
            1 => random.pick(&times).copied().map(Target::Time),
            // Undoes a restore.
            2 => random.pick(&self.restores).map(|&to| Target::Revision(to)),
            // A little way, as most are.
            3 => Some(Target::Revision(
                revision.saturating_sub(random.between(0, 12)),
            )),
            _ => Some(Target::Revision(random.between(0, revision + 1))),
        }
    }

    pub(super) fn look_back(&mut self, random: &mut Random) {
        let versions: Vec<_> = self.replica().document().versions().collect();
        let known = random.pick(&versions).map(|version| version.id);
        let frames = frames(random);
        let question = match (random.below(3), known) {
            (0, Some(id)) => Question::Version(id),
            (1, _) => Question::Frames {
                media: self.media(),
                range: frames.first..=frames.last,
                limit: random.between(1, 50) as usize,
            },
            _ => Question::Versions {
                before: known.filter(|_| random.percent(50)),
                limit: random.between(1, 10) as usize,
            },
        };
        self.ask_for(Command::Question(question), random);
    }

    /// Remembers that the op of a revision restored something: the state before it undoes that.
    pub(crate) fn note_restore(&mut self, revision: u64) {
        let before = revision.saturating_sub(1);
        if before <= self.replica().revision() {
            self.restores.push(before);
        }
        let surplus = self.restores.len().saturating_sub(REMEMBERED);
        self.restores.drain(..surplus);
    }

    fn ask_for(&mut self, command: Command, random: &mut Random) {
        let as_page = random.percent(80);
        self.asks.push(Ask { command, as_page });
    }
}
