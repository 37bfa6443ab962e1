//! A film over a real peer connection: packets, timestamps, maps, retransmission.

use crate::clip::{FRAMES, film};
use crate::server::{Line, Server, event, welcome, within};
use fmz_client::{Event, FilmOptions, Options, publish_file};
use fmz_media::frame::{FrameMap, FrameMaps};
use fmz_media::{Codec, is_keyframe};
use fmz_proto::v1::{self, client_message, server_message::Message};
use rtc::interceptor::Registry;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{NackPair, TransportLayerNack};
use rtc::rtp;
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;
use rtc::rtp_transceiver::RTCRtpTransceiverInit;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCIceCandidateInit, RTCIceGatheringState, RTCSessionDescription, SettingEngineBuilder,
};

/// Callbacks of the server's peer connection, as channels.
struct Handler {
    gathered: mpsc::Sender<()>,
    tracks: mpsc::Sender<Arc<dyn TrackRemote>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.gathered.try_send(());
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.try_send(track);
    }
}

/// The server's end of a transport.
struct Unit {
    peer: Arc<dyn PeerConnection>,
    ops: Arc<dyn DataChannel>,
    gathered: mpsc::Receiver<()>,
    tracks: mpsc::Receiver<Arc<dyn TrackRemote>>,
}

impl Unit {
    async fn new() -> Self {
        let (gathered_sender, gathered) = mpsc::channel(4);
        let (tracks_sender, tracks) = mpsc::channel(4);
        let mut media = MediaEngine::default();
        media.register_default_codecs().unwrap();
        let settings = SettingEngineBuilder::new().with_include_loopback_candidate(true);
        let peer = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(Registry::new())
            .with_setting_engine(settings.build())
            .with_handler(Arc::new(Handler {
                gathered: gathered_sender,
                tracks: tracks_sender,
            }))
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await
            .unwrap();
        let peer: Arc<dyn PeerConnection> = Arc::new(peer);
        let init = RTCDataChannelInit {
            negotiated: Some(0),
            ..Default::default()
        };
        let ops = peer.create_data_channel("ops", Some(init)).await.unwrap();
        Self {
            peer,
            ops,
            gathered,
            tracks,
        }
    }

    /// Offers a line on which the unit receives, for the request.
    async fn offer(&mut self, request: u32) -> v1::Offer {
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Recvonly,
            streams: Vec::new(),
            send_encodings: Vec::new(),
        };
        let line = self
            .peer
            .add_transceiver_from_kind(RtpCodecKind::Video, Some(init));
        let line = line.await.unwrap();
        let offer = self.peer.create_offer(None).await.unwrap();
        self.peer.set_local_description(offer).await.unwrap();
        within(self.gathered.recv()).await.unwrap();
        v1::Offer {
            offer: 1,
            sdp: self.peer.local_description().await.unwrap().sdp,
            lines: vec![v1::PublishLine {
                request,
                mid: line.mid().await.unwrap().unwrap(),
                publication: "p-1-1".into(),
            }],
            transport: 1,
        }
    }

    async fn take(&self, message: client_message::Message) {
        match message {
            client_message::Message::Answer(answer) => {
                let answer = RTCSessionDescription::answer(answer.sdp).unwrap();
                self.peer.set_remote_description(answer).await.unwrap();
            }
            client_message::Message::Candidate(candidate) => {
                let init = RTCIceCandidateInit {
                    candidate: candidate.candidate,
                    ..Default::default()
                };
                let _ = self.peer.add_ice_candidate(init).await;
            }
            other => panic!("an answer or a candidate, not {other:?}"),
        }
    }
}

/// Describes the film's media; its id comes from the content (media21).
fn described(film: &Path) -> v1::Media {
    let content = blake3::hash(&std::fs::read(film).unwrap()).to_hex();
    v1::Media {
        id: format!("b3-{}", &content[..32]),
        name: film.file_stem().unwrap().to_str().unwrap().into(),
        num: 24,
        den: 1,
        start_timecode: 86_400,
        frames: FRAMES,
        ..v1::Media::default()
    }
}

async fn asked_to_publish(line: &mut Line) -> v1::Publish {
    match line.hear().await {
        client_message::Message::Publish(publish) => publish,
        other => panic!("publish, not {other:?}"),
    }
}

/// Collects frame maps as they arrive on the data channel.
fn maps_of(ops: Arc<dyn DataChannel>) -> mpsc::Receiver<v1::FrameMap> {
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Some(event) = ops.poll().await {
            let DataChannelEvent::OnMessage(message) = event else {
                continue;
            };
            if let client_message::Message::FrameMap(map) =
                fmz_proto::decode_client(&message.data).unwrap()
            {
                let _ = sender.send(map).await;
            }
        }
    });
    receiver
}

async fn next_packet(track: &dyn TrackRemote) -> rtp::Packet {
    within(async {
        loop {
            match track.poll().await.expect("the track goes on") {
                TrackRemoteEvent::OnRtpPacket(packet) => return packet,
                _ => continue,
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frame7_a_film_loops_without_a_seam_and_lost_packets_are_sent_again() {
    let server = Server::start().await;
    let mut options = Options::named("film");
    options.addresses = vec!["127.0.0.1:0".into()];
    let (joined, mut line) = server
        .join(options, async |line, _| line.say(welcome(0)).await)
        .await;
    let (client, mut events) = joined.unwrap();
    let publishing = tokio::spawn({
        let client = client.clone();
        async move { publish_file(&client, film(), &FilmOptions::starting_at_hour(1)).await }
    });

    let publish = asked_to_publish(&mut line).await;
    assert_eq!(
        (publish.width, publish.height, publish.codec.as_str()),
        (640, 360, "VP8")
    );
    assert_eq!(publish.source(), v1::Source::Program);
    assert_eq!(publish.media.as_ref(), Some(&described(film())));
    let mut unit = Unit::new().await;
    line.say(Message::Offer(unit.offer(publish.request).await))
        .await;
    // The answer, then candidates and, until the channel is open, maps.
    let mut early = Vec::new();
    let track = loop {
        tokio::select! {
            message = line.hear() => match message {
                client_message::Message::FrameMap(map) => early.push(map),
                message => unit.take(message).await,
            },
            track = unit.tracks.recv() => break track.unwrap(),
        }
    };
    event(&mut events, |event| {
        matches!(event, Event::Transport { connected: true }).then_some(())
    })
    .await;
    let mut maps = maps_of(Arc::clone(&unit.ops));

    let mut known = FrameMaps::default();
    let mut last: Option<rtp::Packet> = None;
    let mut pictures = Vec::new();
    while pictures.len() < 2 * FRAMES as usize + 10 {
        let packet = next_packet(&*track).await;
        for map in early
            .drain(..)
            .chain(std::iter::from_fn(|| maps.try_recv().ok()))
        {
            assert_eq!(
                (map.publication.as_str(), map.start_timecode),
                ("p-1-1", 86_400)
            );
            known.insert(FrameMap::try_from(&map).unwrap());
        }
        if let Some(last) = &last {
            let step = packet
                .header
                .sequence_number
                .wrapping_sub(last.header.sequence_number);
            assert_eq!(step, 1);
            let ticks = packet.header.timestamp.wrapping_sub(last.header.timestamp);
            assert_eq!(ticks, if last.header.marker { 3750 } else { 0 });
        }
        let starts = last.as_ref().is_none_or(|last| last.header.marker);
        if starts && let Some(at) = known.frame(packet.header.timestamp) {
            let keyframe = is_keyframe(Codec::Vp8, &packet.payload);
            assert_eq!(keyframe, at.frame.0 % 24 == 0, "{at:?}");
            pictures.push(at);
        }
        last = Some(packet);
    }
    for pair in pictures.windows(2) {
        let wraps = pair[0].frame.0 == FRAMES - 1;
        let next = if wraps {
            (0, pair[0].epoch + 1)
        } else {
            (pair[0].frame.0 + 1, pair[0].epoch)
        };
        assert_eq!((pair[1].frame.0, pair[1].epoch), next);
    }

    let lost = last.unwrap().header.sequence_number.wrapping_sub(100);
    let nack = TransportLayerNack {
        sender_ssrc: 1,
        media_ssrc: track.ssrcs().await[0],
        nacks: vec![NackPair {
            packet_id: lost,
            lost_packets: 0,
        }],
    };
    track.write_rtcp(vec![Box::new(nack)]).await.unwrap();
    while next_packet(&*track).await.header.sequence_number != lost {}

    client.leave().await;
    assert_eq!(
        within(publishing).await.unwrap().unwrap_err().code(),
        "ended"
    );
    unit.peer.close().await.unwrap();
}
