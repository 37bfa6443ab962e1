//! Participants and publications of the room, as the server describes them.

use fmz_proto::v1::{self, server_message::Message};
use std::collections::BTreeMap;

/// Newest maps that are kept for each publication.
const FRAME_MAPS_MAX: usize = 2;

/// The room as the client knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Room {
    /// Name of the room.
    pub room: String,
    /// Participant number of this client. It changes with every reconnect.
    pub participant: u32,
    /// Rights of this client.
    pub grants: v1::Grants,
    /// All participants, by participant number.
    pub participants: BTreeMap<u32, v1::Participant>,
    /// All publications, by publication id.
    pub publications: BTreeMap<String, v1::Publication>,
}

impl Room {
    pub(crate) fn of(welcome: &v1::Welcome) -> Self {
        let participants = welcome.participants.iter().cloned();
        let publications = welcome.publications.iter().cloned();
        Self {
            room: welcome.room.clone(),
            participant: welcome.participant,
            grants: welcome.grants.unwrap_or_default(),
            participants: participants.map(|one| (one.participant, one)).collect(),
            publications: publications
                .map(|one| (one.publication.clone(), one))
                .collect(),
        }
    }

    pub(crate) fn apply(&mut self, message: &Message) {
        match message {
            Message::ParticipantJoined(v1::ParticipantJoined {
                participant: Some(one),
            }) => {
                self.participants.insert(one.participant, one.clone());
            }
            Message::ParticipantLeft(left) => {
                self.participants.remove(&left.participant);
            }
            Message::PublicationAdded(v1::PublicationAdded {
                publication: Some(one),
            }) => {
                self.publications
                    .insert(one.publication.clone(), one.clone());
            }
            Message::PublicationRemoved(removed) => {
                self.publications.remove(&removed.publication);
            }
            Message::PublicationMuted(muted) => {
                if let Some(one) = self.publications.get_mut(&muted.publication) {
                    one.muted = muted.muted;
                }
            }
            Message::FrameMap(map) => self.apply_map(map),
            _ => {}
        }
    }

    fn apply_map(&mut self, map: &v1::FrameMap) {
        let Some(one) = self.publications.get_mut(&map.publication) else {
            return;
        };
        let newest = one.frame_maps.last().map_or(0, |last| last.epoch);
        if one.frame_maps.is_empty() || map.epoch > newest {
            one.frame_maps.push(map.clone());
        }
        let surplus = one.frame_maps.len().saturating_sub(FRAME_MAPS_MAX);
        one.frame_maps.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_newest_frame_maps_are_kept() {
        let publication = v1::Publication {
            publication: "p-1-1".into(),
            ..Default::default()
        };
        let mut room = Room::default();
        room.apply(&Message::PublicationAdded(v1::PublicationAdded {
            publication: Some(publication),
        }));
        for epoch in [1, 2, 2, 1, 3] {
            room.apply(&Message::FrameMap(v1::FrameMap {
                publication: "p-1-1".into(),
                epoch,
                ..Default::default()
            }));
        }
        let maps = &room.publications["p-1-1"].frame_maps;
        assert_eq!(maps.iter().map(|map| map.epoch).collect::<Vec<_>>(), [2, 3]);
    }
}
