//! The media of publications: of a film, and of a live source.

use crate::media::{error_code, map, pair, publish, started};
use crate::world::{PUBLISH, World, film};
use fmz_annotation::{Document, limits::MEDIA_MAX};
use fmz_proto::is_media_id;
use fmz_proto::v1::{
    CommittedBatch, FrameMap, Media, MediaAdded, MediaKind, Op, Publish, Source, Unpublish,
    client_message as client, op, server_message::Message, to_sfu,
};
use fmz_signaling_core::{Reason, RoomLimits, SessionId, limits};
use std::collections::BTreeSet;

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
