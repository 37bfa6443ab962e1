//! Inputs from other threads: messages of streams, and operators' commands.

use super::{CONTROLS_MAX, Control, INPUTS_MAX, Round, Shard, StreamInput};
use crate::Session;
use fmz_turn_core::{Command, SessionView};
use std::time::Instant;
use tokio::sync::mpsc::error::TryRecvError;

impl Shard {
    pub(super) fn take_inputs(&mut self) -> Round {
        for _ in 0..INPUTS_MAX {
            match self.inbox.inputs.try_recv() {
                Ok(input) => self.take_input(input),
                Err(_) => return Round::Done,
            }
        }
        Round::More
    }

    fn take_input(&mut self, input: StreamInput) {
        let now = Instant::now();
        match input {
            StreamInput::Opened(client, queue) => {
                self.way.streams.insert(client, queue);
            }
            StreamInput::Message(client, message) => {
                if let Some(forward) = self.relay.handle_datagram(client, &message, now) {
                    self.way.forward(forward);
                }
            }
            StreamInput::Closed(client, queue) => {
                // By now, another connection may have the same addresses.
                if self.way.is_served_by(client, &queue) {
                    self.way.streams.remove(&client);
                    self.relay.handle_closed(client, now);
                }
            }
        }
    }

    pub(super) fn obey(&mut self) -> Round {
        for _ in 0..CONTROLS_MAX {
            match self.inbox.controls.try_recv() {
                Ok(Control::Stop) | Err(TryRecvError::Disconnected) => return Round::Over,
                Ok(control) => self.carry_out(control),
                Err(TryRecvError::Empty) => return Round::Done,
            }
        }
        Round::More
    }

    fn carry_out(&mut self, control: Control) {
        let now = Instant::now();
        match control {
            Control::Config(config) => self.relay.set_config(*config, now),
            Control::Command(command) => self.relay.handle_command(command, now),
            Control::Kick(allocation, known) => {
                let mut sessions = self.relay.sessions();
                let _ = known.send(sessions.any(|session| session.allocation == allocation));
                drop(sessions);
                self.relay.handle_command(Command::Kick { allocation }, now);
            }
            Control::Sessions(user, limit, answer) => {
                let sessions = self.relay.sessions();
                let wanted = |session: &SessionView<'_>| {
                    user.as_deref().is_none_or(|user| user == session.user)
                };
                let listed = sessions.filter(wanted).take(limit);
                let _ = answer.send(
                    listed
                        .map(|view| Session::new(self.number, &view, now))
                        .collect(),
                );
            }
            Control::Stop => {}
        }
    }
}
