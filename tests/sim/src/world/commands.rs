//! Commands to the room from outside of any session, as over REST, and the older states that the
//! room asks for.

use super::World;
use crate::{
    agenda::MS,
    event::Event,
    net::Lane,
    page::{Ask, Page},
    plant::Plant,
};
use fmz_proto::v1::Grants;
use fmz_signaling_core::{
    Asker, Command, CommandId, Outcome, ReadToken, Restore, Restored, StateAt, Whose,
};

impl World {
    /// Sends a page's requests on their way, over connections of their own.
    pub(super) fn send_asks(&mut self, page: usize) {
        for ask in std::mem::take(&mut self.pages[page].asks) {
            let quality = self.pages[page].plan.quality;
            let at = Lane::default().arrival(self.agenda.now(), quality, &mut self.random);
            self.agenda.at(at, Event::Ask { page, ask });
        }
    }

    /// Takes a request to the server. If no server runs, the request is lost and its page knows.
    pub(super) fn ask(&mut self, page: usize, ask: Ask) {
        if !self.server.up || self.server.disk.is_broken() {
            return;
        }
        self.open_room();
        if self.server.room.is_none() {
            return;
        }
        let asker = self.asker(page, ask.as_page);
        let id = self.next_command();
        (self.judge).asked(id, page, asker.clone(), ask.command.clone());
        self.command(id, page, asker.clone(), ask.command.clone());
        if self.plant == Some(Plant::AskTwice) {
            let again = self.next_command();
            self.command(again, page, asker, ask.command);
        }
    }

    fn command(&mut self, id: CommandId, page: usize, asker: Asker, mut command: Command) {
        let mut asker = asker;
        match self.plant {
            Some(Plant::WrongAsker) => {
                asker.subject = self.pages[(page + 1) % self.pages.len()].subject();
            }
            Some(Plant::WidenScope) => {
                if let Command::Restore(Restore { whose, .. }) = &mut command
                    && asker.grants.own
                {
                    *whose = Whose::All;
                }
            }
            _ => {}
        }
        self.with_room(|room, now| room.handle_command(id, asker, command, now));
    }

    fn next_command(&mut self) -> CommandId {
        self.server.commands += 1;
        CommandId(self.server.commands)
    }

    fn asker(&self, page: usize, as_page: bool) -> Asker {
        let page = &self.pages[page];
        Asker {
            subject: page.subject(),
            name: page.subject(),
            grants: self.grants(page),
            session_key: as_page.then(|| page.session_key()),
        }
    }

    /// Returns the rights that the server reads from a page's token.
    pub(super) fn grants(&self, page: &Page) -> Grants {
        let is = |plant| self.plant == Some(plant);
        Grants {
            view: true,
            annotate: page.plan.annotate || is(Plant::GrantAnnotate),
            publish: true,
            present: false,
            own: page.plan.own || is(Plant::GrantOwn),
        }
    }

    /// Begins to read an older state that the room wants.
    pub(super) fn begin_read(&mut self, token: ReadToken, at: StateAt) {
        let room = self.server.rooms;
        let delay = self.random.between(MS / 10, self.plan.read);
        self.agenda
            .after(delay, Event::StateRead { room, token, at });
    }

    pub(super) fn state_read(&mut self, room: u32, token: ReadToken, at: StateAt) {
        if room != self.server.rooms {
            return;
        }
        let state = self.server.disk.state_at(at);
        if let Ok(state) = &state {
            self.judge.read(state);
        }
        self.with_room(|room, now| room.handle_state(token, state, now));
    }

    /// The room answers. Its page learns it at once, if it still waits.
    pub(super) fn answered(&mut self, id: CommandId, outcome: Outcome) {
        if self.plant == Some(Plant::LoseReply) && self.random.percent(5) {
            return;
        }
        let now = self.agenda.now();
        (self.trace).say(now, format_args!("command {}: {outcome:?}", id.0));
        self.judge.answered(id, &outcome);
        if let Outcome::Restore(Ok(Restored { revision, .. })) = outcome {
            (self.pages.iter_mut()).for_each(|page| page.note_restore(revision));
        }
    }
}
