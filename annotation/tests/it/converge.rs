//! Several people at once, over connections that lose and repeat: everybody ends
//! with the same document.

use crate::make;
use crate::peer::{Action, OWNER, Peer, Said};
use crate::room::Room;
use fmz_annotation::{Authority, Document, ObjectId, OpError, Ops, Replica};
use fmz_proto::v1::{self, Kind, property};
use proptest::collection::vec;
use proptest::prelude::*;

const PEOPLE: u32 = 3;

fn points() -> impl Strategy<Value = Vec<(i32, i32)>> {
    vec((-50..50, -50..50), 1..4)
}

fn value() -> impl Strategy<Value = property::Value> {
    use property::Value;
    prop_oneof![
        (0..4u32).prop_map(Value::Color),
        (1..4u32).prop_map(Value::Width),
        (0..4, 0..4).prop_map(|(x, y)| Value::Start(v1::Point { x, y })),
        (0..4, 0..4).prop_map(|(x, y)| Value::End(v1::Point { x, y })),
        vec(1..4u8, 0..3).prop_map(|key| Value::Order(key.into())),
        (0..3).prop_map(Value::Status),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let pick = 0..8usize;
    let kind = prop_oneof![Just(Kind::Rectangle), Just(Kind::Text), Just(Kind::Pin)];
    let by = (-9..9, -9..9);
    prop_oneof![
        3 => (points(), any::<bool>()).prop_map(|(points, lift)| Action::Stroke { points, lift }),
        2 => kind.prop_map(Action::Shape),
        3 => (pick.clone(), points()).prop_map(|(pick, points)| Action::Append { pick, points }),
        1 => pick.clone().prop_map(|pick| Action::Lift { pick }),
        4 => (pick.clone(), value()).prop_map(|(pick, value)| Action::Set { pick, value }),
        3 => (pick.clone(), by).prop_map(|(pick, by)| Action::Move { pick, by }),
        1 => pick.clone().prop_map(|pick| Action::Answer { pick }),
        1 => any::<bool>().prop_map(|all| Action::Clear { all }),
        6 => (pick.clone(), 0..5u32, 0..3u32, "[a-c\u{1f3ac}]{0,2}").prop_map(
            |(pick, at, delete, insert)| Action::Edit { pick, at, delete, insert },
        ),
        2 => (pick.clone(), any::<bool>()).prop_map(
            |(pick, deleted)| Action::Delete { pick, deleted },
        ),
        3 => (pick, 22..27u32, any::<bool>()).prop_map(
            |(pick, frame, uncertain)| Action::Restamp { pick, frame, uncertain },
        ),
        1 => Just(Action::Begin),
        1 => Just(Action::End),
        4 => Just(Action::Undo),
        2 => Just(Action::Redo),
        8 => (1..4usize).prop_map(Action::Send),
        8 => (1..4usize).prop_map(Action::Arrive),
        1 => Just(Action::Refuse),
        8 => (1..4usize).prop_map(Action::Deliver),
        1 => (1..4usize).prop_map(Action::Repeat),
        6 => Just(Action::Exchange),
        1 => any::<bool>().prop_map(|snapshot| Action::Reconnect { snapshot }),
    ]
}

#[derive(Debug)]
struct World {
    room: Room,
    peers: Vec<Peer>,
}

impl World {
    fn new() -> Self {
        let mut room = Room::with_authors(PEOPLE);
        room.let_own(OWNER);
        let peer = |author| Peer::new(room.replica(author));
        let peers = (1..=PEOPLE).map(peer).collect();
        Self { room, peers }
    }

    fn act(&mut self, who: usize, action: Action) {
        match action {
            Action::Arrive(count) => (0..count).for_each(|_| self.arrive(who)),
            Action::Exchange => self.exchange(who),
            Action::Reconnect { snapshot } => self.reconnect(who, snapshot),
            Action::Deliver(count) => (0..count).for_each(|_| self.deliver(who)),
            Action::Repeat(count) => {
                let newest = self.room.log.len();
                let again = newest.saturating_sub(count)..newest;
                let ready = self.peers[who].down.is_empty();
                let again = again.filter(|_| ready).map(Said::Committed);
                self.peers[who].down.extend(again);
            }
            action => self.peers[who].act(action),
        }
        self.peers[who].redraw();
    }

    fn arrive(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        let Some(batch) = peer.up.pop_front() else {
            return;
        };
        let author = peer.replica.author();
        let client_seq = batch.client_seq;
        let known = self.room.log.len();
        let refused = std::mem::take(&mut peer.refuse)
            && client_seq > self.room.document.last_client_seq(author);
        let answer = match refused {
            true => Err(None),
            false => self.room.receive(author, batch).map_err(Some),
        };
        if let Err(error) = answer {
            assert_ne!(
                error,
                Some(OpError::BadTextEdit),
                "edits follow what others wrote"
            );
            peer.note_refused(client_seq);
            peer.down.push_back(Said::Rejected(client_seq));
        }
        for index in known..self.room.log.len() {
            for peer in &mut self.peers {
                peer.down.push_back(Said::Committed(index));
            }
        }
    }

    fn deliver(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        match peer.down.pop_front() {
            Some(Said::Committed(index)) => {
                let batches = vec![self.room.log[index].clone()];
                let received = peer.replica.receive(&v1::Committed { batches });
                assert_eq!(received.expect("the log fits").gap, None);
            }
            Some(Said::Rejected(client_seq)) => {
                let lost = peer.replica.rejected(client_seq);
                lost.batches.iter().for_each(|&seq| peer.note_refused(seq));
            }
            None => {}
        }
    }

    fn reconnect(&mut self, who: usize, snapshot: bool) {
        let document = &self.room.document;
        let peer = &mut self.peers[who];
        peer.up.clear();
        peer.down.clear();
        let author = peer.replica.author();
        let last = document.last_client_seq(author);
        let _ = peer.replica.set_author(author, last);
        if snapshot {
            let lost = peer
                .replica
                .load(document.snapshot())
                .expect("own snapshot");
            lost.batches.iter().for_each(|&seq| peer.note_refused(seq));
        } else {
            let tail = self.room.since(peer.replica.revision());
            let _ = peer.replica.receive(&tail).expect("the log fits");
        }
        peer.up.extend(peer.replica.unacked());
    }

    fn exchange(&mut self, who: usize) {
        while !self.peers[who].is_quiet() {
            self.act(who, Action::Send(2));
            self.act(who, Action::Arrive(1));
            self.act(who, Action::Deliver(2));
        }
    }

    fn settle(&mut self) {
        for who in 0..self.peers.len() {
            self.act(who, Action::Reconnect { snapshot: false });
            self.exchange(who);
        }
        (0..self.peers.len()).for_each(|who| self.exchange(who));
    }
}

/// What the server makes of the pending ops if nothing else comes first.
fn foreseen(replica: &Replica) -> Vec<v1::ObjectState> {
    let mut document = replica.document().clone();
    let author = replica.author();
    let authority = match author == OWNER {
        true => Authority::Owner,
        false => Authority::Author,
    };
    for op in replica.pending_ops() {
        let client_seq = document.last_client_seq(author) + 1;
        let ops = Ops::check(vec![op]).expect("a replica checks its ops");
        if let Ok(prepared) = document.prepare(author, authority, ops) {
            let _ = document.commit(prepared, client_seq, 0, false);
        }
    }
    let visible = document.drawing_order().filter(|object| !object.deleted());
    visible.map(|object| plain(object.to_state())).collect()
}

/// Without what only the server or only the page knows.
fn plain(state: v1::ObjectState) -> v1::ObjectState {
    v1::ObjectState {
        created_revision: 0,
        created_ms: 0,
        writers: vec![],
        pending: false,
        ..state
    }
}

proptest! {
    #![proptest_config(make::cases(2000))]

    #[test]
    fn order7_view2_resume2_all_replicas_end_equal(
        actions in vec((0..PEOPLE as usize, action()), 1..120),
    ) {
        let mut world = World::new();
        for (who, action) in actions {
            world.act(who, action);
            let peer = &world.peers[who];
            let objects = peer.replica.objects().objects;
            prop_assert_eq!(&peer.shown(), &objects);
            let view: Vec<_> = objects.into_iter().map(plain).collect();
            prop_assert_eq!(view, foreseen(&peer.replica));
        }
        world.settle();
        let snapshot = world.room.document.snapshot();
        let hash = world.room.document.state_hash();
        let read = Document::from_snapshot(snapshot.clone()).expect("own snapshot");
        prop_assert_eq!(read.state_hash(), hash, "hash1: by ops and by a snapshot");
        for peer in &world.peers {
            prop_assert_eq!(peer.replica.pending_count(), 0);
            prop_assert_eq!(&peer.replica.document().snapshot(), &snapshot);
            prop_assert_eq!(peer.replica.document().state_hash(), hash);
            let kept = |id: &&ObjectId| {
                world.room.document.object(**id).is_some() || peer.refused.contains(id)
            };
            prop_assert!(peer.created.iter().all(|id| kept(&id)), "a change was lost");
        }
    }
}
