use crate::world::{DRAW, PUBLISH, World, film};
use fmz_annotation::{Document, limits::MEDIA_MAX};
use fmz_proto::is_media_id;
use fmz_proto::v1::{
    Answer, CommittedBatch, FrameMap, FrameMapState, IceCandidate, LinkError, Media, MediaAdded,
    MediaKind, Mute, Offer, Op, PublicationEnded, PublicationStarted, Publish, RestartTransport,
    Source, TransportOffer, TransportState, TransportStatus, Unpublish, client_message as client,
    from_sfu, op, server_message::Message, to_sfu,
};
use fmz_signaling_core::{Reason, RoomLimits, SessionId, limits};
use std::collections::BTreeSet;

fn publish(request: u32) -> client::Message {
    let (kind, source) = (MediaKind::Video.into(), Source::Program.into());
    client::Message::Publish(Publish {
        request,
        kind,
        source,
        width: 3840,
        height: 2160,
        bitrate_kbps: 25_000,
        codec: "VP8".into(),
        ..Publish::default()
    })
}

fn started(id: SessionId, publication: &str) -> from_sfu::Message {
    let (room, publication, codec) = ("demo".into(), publication.into(), "VP8".into());
    from_sfu::Message::PublicationStarted(PublicationStarted {
        room,
        publication,
        session: id.link(),
        codec,
    })
}

fn map(publication: &str, epoch: u32) -> client::Message {
    let state = FrameMapState::Playing.into();
    client::Message::FrameMap(FrameMap {
        publication: publication.into(),
        epoch,
        num: 24,
        den: 1,
        speed: 100,
        state,
        ..FrameMap::default()
    })
}

/// A publisher with a transport, and somebody who looks on.
fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    let ben = world.enter_with_transport(2, "ben", DRAW);
    world.pass(limits::TICK);
    world.forget();
    (ada, ben)
}

fn error_code(messages: &[Message]) -> Option<(String, u32)> {
    messages.iter().find_map(|message| match message {
        Message::Error(error) => Some((error.code.clone(), error.request)),
        _ => None,
    })
}

#[test]
fn media1_a_transport_is_opened_after_the_welcome_and_closed_with_the_session() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    assert!(
        matches!(&world.to_sfu[..], [to_sfu::Message::Open(open)] if (open.session, open.transport) == (1, 1))
    );
    world.enter(world.join(2, "ben", DRAW));
    assert_eq!(world.to_sfu.len(), 1, "who wants none gets none");
    world.room.handle_left(ada, Reason::Disconnected, world.now);
    world.pass(std::time::Duration::ZERO);
    assert!(
        matches!(world.to_sfu.last(), Some(to_sfu::Message::Close(close)) if close.session == 1)
    );
}

#[test]
fn media2_offers_answers_and_candidates_pass_for_the_transport_in_use_only() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    for transport in [1, 2] {
        let offer = Offer {
            offer: 1,
            sdp: "v=0".into(),
            lines: vec![],
            transport,
        };
        world.sfu(from_sfu::Message::Offer(TransportOffer {
            session: 1,
            offer: Some(offer),
        }));
        world.say(
            ada,
            client::Message::Answer(Answer {
                offer: 1,
                sdp: "v=0".into(),
                transport,
            }),
        );
        world.say(
            ada,
            client::Message::Candidate(IceCandidate {
                candidate: "c".into(),
                mid: "0".into(),
                transport,
            }),
        );
    }
    assert!(matches!(&world.messages(ada)[..], [Message::Offer(offer)] if offer.transport == 1));
    assert!(matches!(
        &world.to_sfu[..],
        [to_sfu::Message::Answer(_), to_sfu::Message::Candidate(_)]
    ));
}

#[test]
fn media3_a_publication_is_told_when_its_packets_come_and_when_it_ends() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(7));
    let Some(to_sfu::Message::AddPublication(added)) = world.to_sfu.last() else {
        panic!()
    };
    assert_eq!((added.session, added.publication.as_str()), (1, "p-0-1-1"));
    assert!(world.take(ben).is_empty());
    world.sfu(started(ada, "p-0-1-1"));
    for id in [ada, ben] {
        let messages = world.messages(id);
        let [Message::PublicationAdded(added)] = &messages[..] else {
            panic!("{messages:?}")
        };
        let publication = added.publication.as_ref().unwrap();
        assert_eq!(
            (
                publication.participant,
                publication.codec.as_str(),
                publication.width
            ),
            (1, "VP8", 3840)
        );
    }
    let cid = world.enter(world.join(3, "cid", DRAW));
    assert_eq!(world.welcome(cid).publications.len(), 1);
    let ended = PublicationEnded {
        room: "demo".into(),
        publication: "p-0-1-1".into(),
        session: 1,
    };
    world.sfu(from_sfu::Message::PublicationEnded(ended.clone()));
    world.sfu(from_sfu::Message::PublicationEnded(ended));
    let told = world.messages(ben);
    assert_eq!(
        told.iter()
            .filter(|message| matches!(message, Message::PublicationRemoved(_)))
            .count(),
        1
    );
}

#[test]
fn media4_publishing_needs_the_grant_a_transport_and_a_free_place() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ben, publish(1));
    assert_eq!(error_code(&world.messages(ben)), Some(("grant".into(), 1)));
    let cid = world.enter(world.join(3, "cid", PUBLISH));
    world.forget();
    world.say(cid, publish(2));
    assert_eq!(
        error_code(&world.messages(cid)),
        Some(("no_transport".into(), 2))
    );
    world.say(ada, publish(1));
    world.say(ada, publish(1));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("request_taken".into(), 1))
    );
    for request in 2..=limits::PUBLICATIONS_MAX as u32 {
        world.say(ada, publish(request));
    }
    assert_eq!(error_code(&world.messages(ada)), None);
    world.say(ada, publish(99));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("publications_full".into(), 99))
    );
}

#[test]
fn media5_only_its_owner_rules_a_publication() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    let publication = || "p-0-1-1".to_owned();
    for message in [
        client::Message::Mute(Mute {
            publication: publication(),
            muted: true,
        }),
        client::Message::Unpublish(Unpublish {
            publication: publication(),
        }),
        map("p-0-1-1", 1),
    ] {
        world.say(ben, message);
        assert_eq!(
            error_code(&world.messages(ben)),
            Some(("not_your_publication".into(), 0))
        );
    }
    assert!(world.sent.is_empty() && world.to_sfu.is_empty());
    world.sfu(started(ben, "p-0-1-1"));
    world.say(
        ada,
        client::Message::Mute(Mute {
            publication: publication(),
            muted: true,
        }),
    );
    assert!(matches!(&world.messages(ben)[..], [Message::PublicationMuted(muted)] if muted.muted));
    world.say(
        ada,
        client::Message::Unpublish(Unpublish {
            publication: publication(),
        }),
    );
    assert!(matches!(
        &world.messages(ben)[..],
        [Message::PublicationRemoved(_)]
    ));
    assert!(matches!(
        &world.to_sfu[..],
        [to_sfu::Message::RemovePublication(_)]
    ));
}

#[test]
fn media6_the_two_newest_frame_maps_are_kept_and_older_ones_passed_over() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.say(ada, map("p-0-1-1", 1));
    assert!(
        world.take(ben).is_empty(),
        "nobody knows the publication yet"
    );
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    for epoch in [2, 4, 3, 4] {
        world.say(ada, map("p-0-1-1", epoch));
    }
    let epochs: Vec<_> = world
        .messages(ben)
        .iter()
        .map(|message| match message {
            Message::FrameMap(map) => map.epoch,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(epochs, [2, 4, 4]);
    let cid = world.enter(world.join(3, "cid", DRAW));
    let kept: Vec<_> = world.welcome(cid).publications[0]
        .frame_maps
        .iter()
        .map(|map| map.epoch)
        .collect();
    assert_eq!(kept, [2, 4]);
}

#[test]
fn media7_a_new_transport_ends_the_publications_and_has_the_next_number() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    world.say(ada, client::Message::RestartTransport(RestartTransport {}));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("restart_rate".into(), 0))
    );
    world.pass(limits::RESTART_INTERVAL);
    world.say(ada, client::Message::RestartTransport(RestartTransport {}));
    // Behind the commit of its media.
    assert!(matches!(
        world.messages(ben).last(),
        Some(Message::PublicationRemoved(_))
    ));
    assert!(matches!(&world.to_sfu[..], [to_sfu::Message::Open(open)] if open.transport == 2));
    world.say(ada, publish(1));
    let Some(to_sfu::Message::AddPublication(added)) = world.to_sfu.last() else {
        panic!()
    };
    assert_eq!(added.publication, "p-0-1-2", "a name is not used twice");
}

#[test]
fn media8_who_goes_takes_its_publications_along() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    world.room.handle_left(ada, Reason::Disconnected, world.now);
    world.pass(std::time::Duration::ZERO);
    let told = world.messages(ben);
    assert!(
        matches!(
            &told[..],
            [Message::PublicationRemoved(_), Message::ParticipantLeft(_)]
        ),
        "{told:?}"
    );
}

#[test]
fn media9_a_refused_publication_frees_its_place_and_is_told_to_who_asked() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(4));
    let error = LinkError {
        session: 1,
        code: "codec".into(),
        text: "no such codec".into(),
        request: 4,
    };
    world.sfu(from_sfu::Message::Error(error));
    assert_eq!(error_code(&world.messages(ada)), Some(("codec".into(), 4)));
    assert!(world.take(ben).is_empty());
    world.say(ada, publish(4));
    assert_eq!(error_code(&world.messages(ada)), None);
}

#[test]
fn media10_a_transport_that_closed_takes_its_publications_along() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    let state = |transport| TransportState {
        session: 1,
        transport,
        status: TransportStatus::Closed.into(),
    };
    world.sfu(from_sfu::Message::State(state(0)));
    assert!(world.take(ben).is_empty());
    world.sfu(from_sfu::Message::State(state(1)));
    assert!(matches!(
        &world.messages(ben)[..],
        [Message::PublicationRemoved(_)]
    ));
}

fn publish_film(request: u32, media: Media) -> client::Message {
    let client::Message::Publish(publish) = publish(request) else {
        unreachable!("it is one")
    };
    client::Message::Publish(Publish {
        media: Some(media),
        ..publish
    })
}

/// Publications of which the media server was told since it was forgotten.
fn added(world: &World) -> Vec<String> {
    let added = world.to_sfu.iter().filter_map(|message| match message {
        to_sfu::Message::AddPublication(added) => Some(added.publication.clone()),
        _ => None,
    });
    added.collect()
}

/// Media that the log adds, in its order.
fn logged(world: &World) -> Vec<Media> {
    let ops = world.log.iter().flat_map(|batch| &batch.ops);
    let media = ops.filter_map(|op| match &op.op {
        Some(op::Op::MediaAdded(added)) => added.media.clone(),
        _ => None,
    });
    media.collect()
}

/// The media under which a publication is told to all.
fn told_media(world: &mut World, owner: SessionId, publication: &str) -> String {
    world.forget();
    world.sfu(started(owner, publication));
    let told = world.messages(owner);
    let [Message::PublicationAdded(added)] = &told[..] else {
        panic!("{told:?}")
    };
    added.publication.as_ref().unwrap().media.clone()
}

#[test]
fn media17_a_publication_is_told_once_its_media_is_durable() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.prompt = false;
    world.say(ada, publish_film(1, film("a")));
    world.say(ada, publish(2));
    let sound = client::Message::Publish(Publish {
        request: 3,
        kind: MediaKind::Audio.into(),
        source: Source::Microphone.into(),
        ..Publish::default()
    });
    world.say(ada, sound);
    assert_eq!(added(&world), [] as [&str; 0], "the log has not answered");
    world.append();
    while !world.appends.is_empty() {
        world.append();
    }
    let mut told = added(&world);
    told.sort();
    assert_eq!(told, ["p-0-1-1", "p-0-1-2", "p-0-1-3"]);
    let media = logged(&world);
    assert_eq!(media[0], film("a"));
    let live = &media[1];
    assert_eq!((live.name.as_str(), live.num, live.frames), ("ADA", 0, 0));
    assert_eq!(told_media(&mut world, ada, "p-0-1-1"), "a");
    assert_eq!(told_media(&mut world, ada, "p-0-1-2"), live.id);
    assert_eq!(told_media(&mut world, ada, "p-0-1-3"), "", "sound has none");
}

/// Publishes a live source, and returns its media.
fn live_media(world: &mut World, id: SessionId, request: u32) -> String {
    world.forget();
    world.say(id, publish(request));
    let publication = added(world).pop().expect("it was begun");
    let media = told_media(world, id, &publication);
    assert!(media.starts_with("m-") && is_media_id(&media), "{media}");
    world.say(id, client::Message::Unpublish(Unpublish { publication }));
    media
}

#[test]
fn media17_the_media_of_a_live_source_is_never_given_to_another() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let mut seen: BTreeSet<_> = (1..=3)
        .map(|request| live_media(&mut world, ada, request))
        .collect();
    assert_eq!(seen.len(), 3, "each source of a page has its own");
    let ben = world.enter_with_transport(3, "ben", PUBLISH);
    assert!(seen.insert(live_media(&mut world, ben, 1)));
    let mut other_page = world.join(4, "ada", PUBLISH);
    other_page.session_key = vec![99; 16].into();
    other_page.transport = true;
    let other_page = world.enter(other_page);
    assert!(seen.insert(live_media(&mut world, other_page, 1)));
    let mut again = World::with(RoomLimits::default(), world.room.document().clone());
    again.log.clone_from(&world.log);
    let cid = again.enter_with_transport(1, "cid", PUBLISH);
    assert!(
        seen.insert(live_media(&mut again, cid, 1)),
        "after a restart"
    );
}

#[test]
fn media17_a_live_source_that_comes_back_is_the_same_media() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let camera = live_media(&mut world, ada, 1);
    assert_eq!(live_media(&mut world, ada, 1), camera, "a new transport");
    let ada = world.enter_with_transport(3, "ada", PUBLISH);
    assert_eq!(live_media(&mut world, ada, 1), camera, "a new session");
    let count = logged(&world).len();
    assert_eq!(count, 1, "it is added once");
    let mut again = World::with(RoomLimits::default(), world.room.document().clone());
    let ada = again.enter_with_transport(1, "ada", PUBLISH);
    assert_eq!(live_media(&mut again, ada, 1), camera, "a restart");
}

#[test]
fn media3_a_room_that_is_opened_again_gives_other_ids() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say(ada, publish_film(1, film("a")));
    let first = added(&world);
    let mut again = World::with(RoomLimits::default(), world.room.document().clone());
    let ada = again.enter_with_transport(1, "ada", PUBLISH);
    again.forget();
    again.say(ada, publish_film(1, film("a")));
    let head = world.room.document().revision();
    assert_eq!(added(&again), [format!("p-{head}-1-1")]);
    assert_ne!(added(&again), first);
}

#[test]
fn media18_the_same_film_is_the_same_media_whoever_sends_it() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    let ben = world.enter_with_transport(2, "ben", PUBLISH);
    world.forget();
    world.prompt = false;
    world.say(ada, publish_film(1, film("a")));
    world.say(ben, publish_film(1, film("a")));
    while !world.appends.is_empty() {
        world.append();
    }
    assert_eq!(logged(&world), [film("a")], "added once");
    assert_eq!(told_media(&mut world, ada, "p-0-1-1"), "a");
    assert_eq!(told_media(&mut world, ben, "p-0-2-1"), "a");
    let renamed = Media {
        name: "Cut 2".into(),
        reel: "A001".into(),
        ..film("a")
    };
    world.prompt = true;
    world.say(ada, publish_film(2, renamed));
    assert_eq!(added(&world).len(), 1, "names do not matter");
    assert_eq!(logged(&world), [film("a")]);
}

#[test]
fn media18_another_film_under_a_known_id_is_refused() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish_film(1, film("a")));
    world.forget();
    let other = Media {
        frames: 99,
        ..film("a")
    };
    world.say(ada, publish_film(2, other));
    let told = world.messages(ada);
    assert_eq!(error_code(&told), Some(("media_differs".into(), 2)));
    let text = told.iter().find_map(|message| match message {
        Message::Error(error) => Some(error.text.clone()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(
        text.contains("100 frames at 24/1") && text.contains("99 frames"),
        "{text}"
    );
    assert!(added(&world).is_empty() && world.take(ben).is_empty());
    world.say(ada, publish_film(2, film("b")));
    assert_eq!(added(&world).len(), 1, "its request is free again");
}

#[test]
fn media18_media_are_bounded() {
    let mut document = Document::new();
    let ops = (0..MEDIA_MAX).map(|at| {
        let media = Some(film(&format!("film-{at}")));
        Op {
            op: Some(op::Op::MediaAdded(MediaAdded { media })),
        }
    });
    let full = CommittedBatch {
        first_revision: 1,
        ops: ops.collect(),
        ..CommittedBatch::default()
    };
    document.apply(&full).unwrap();
    let mut world = World::with(RoomLimits::default(), document);
    // The log that this world keeps begins behind the document.
    world.log.push(full);
    let (ada, _) = pair(&mut world);
    world.say(ada, publish_film(1, film("film-7")));
    assert_eq!(added(&world).len(), 1, "what is known is sent on");
    world.say(ada, publish(2));
    let code = error_code(&world.messages(ada));
    assert_eq!(code, Some(("too_many_media".into(), 2)));
    world.say(ada, publish_film(2, film("one-more")));
    let code = error_code(&world.messages(ada));
    assert_eq!(code, Some(("too_many_media".into(), 2)));
    assert_eq!(added(&world).len(), 1);
}

#[test]
fn media19_a_map_counts_as_its_media_does_and_names_it() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish_film(1, film("a")));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    let client::Message::FrameMap(right) = map("p-0-1-1", 1) else {
        unreachable!("it is one")
    };
    let right = FrameMap {
        frames: 100,
        start_timecode: 86_400,
        media: "b".into(),
        ..right
    };
    let wrong = [
        FrameMap {
            num: 25,
            ..right.clone()
        },
        FrameMap {
            frames: 99,
            ..right.clone()
        },
        FrameMap {
            start_timecode: 0,
            ..right.clone()
        },
        FrameMap {
            drop_frame: true,
            ..right.clone()
        },
    ];
    for map in wrong {
        world.say(ada, client::Message::FrameMap(map));
        let code = error_code(&world.messages(ada));
        assert_eq!(code, Some(("media_differs".into(), 0)));
    }
    world.say(ada, client::Message::FrameMap(right.clone()));
    let expected = FrameMap {
        media: "a".into(),
        ..right
    };
    assert_eq!(world.messages(ben), [Message::FrameMap(expected)]);
}

#[test]
fn media20_pictures_are_published_again_and_again_only_so_often() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let mut taken = 0;
    loop {
        world.forget();
        world.say(ada, publish(1));
        let Some(publication) = added(&world).pop() else {
            break;
        };
        world.say(ada, client::Message::Unpublish(Unpublish { publication }));
        taken += 1;
    }
    assert_eq!(taken, limits::PUBLISH_BURST + 1);
    let code = error_code(&world.messages(ada));
    assert_eq!(code, Some(("publish_rate".into(), 1)));
    world.pass(std::time::Duration::from_secs(1));
    world.say(ada, publish(1));
    assert_eq!(added(&world).len(), 1);
}

#[test]
fn media17_who_goes_before_the_media_is_durable_publishes_nothing() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.prompt = false;
    world.say(ada, publish_film(1, film("a")));
    let unpublish = Unpublish {
        publication: "p-0-1-1".into(),
    };
    world.say(ada, client::Message::Unpublish(unpublish));
    world.say(ada, publish_film(1, film("a")));
    world.room.handle_left(ada, Reason::Disconnected, world.now);
    while !world.appends.is_empty() {
        world.append();
    }
    assert!(added(&world).is_empty());
    let told = world.messages(ben);
    assert!(
        !told
            .iter()
            .any(|one| matches!(one, Message::PublicationAdded(_)))
    );
}
