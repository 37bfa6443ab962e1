//! The two data channels of a transport.

use super::{Mid, Transport, TransportError, TransportEvent};
use fmz_proto::{limits::LIVE_LIFETIME_MS, v1};
use std::collections::BTreeMap;
use str0m::change::SdpApi;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::{Event, Rtc};

/// A data channel by its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Channel {
    /// Ordered and reliable, SCTP stream 0.
    Ops,
    /// Unordered, retransmitted for at most [`LIVE_LIFETIME_MS`], SCTP stream 1.
    Live,
}

impl Channel {
    pub(crate) const ALL: [Self; 2] = [Self::Ops, Self::Live];

    pub(crate) fn from_wire(channel: i32) -> Option<Self> {
        match v1::Channel::try_from(channel) {
            Ok(v1::Channel::Ops) => Some(Self::Ops),
            Ok(v1::Channel::Live) => Some(Self::Live),
            Ok(v1::Channel::Unspecified) | Err(_) => None,
        }
    }

    pub(crate) fn to_wire(self) -> v1::Channel {
        match self {
            Self::Ops => v1::Channel::Ops,
            Self::Live => v1::Channel::Live,
        }
    }

    fn config(self) -> ChannelConfig {
        let (label, ordered, reliability, stream) = match self {
            Self::Ops => ("ops", true, Reliability::Reliable, 0),
            Self::Live => (
                "live",
                false,
                Reliability::MaxPacketLifetime {
                    lifetime: LIVE_LIFETIME_MS,
                },
                1,
            ),
        };
        ChannelConfig {
            label: label.to_owned(),
            ordered,
            reliability,
            negotiated: Some(stream),
            protocol: String::new(),
        }
    }
}

/// Ids of the channels in str0m, and its counts so far.
#[derive(Debug, Default)]
pub(super) struct Channels {
    ids: Vec<(Channel, ChannelId)>,
    nacks: BTreeMap<(Mid, bool), u64>,
}

impl Channels {
    /// Adds both channels to an offer.
    pub(super) fn add(&mut self, api: &mut SdpApi<'_>) {
        for channel in Channel::ALL {
            let id = api.add_channel_with_config(channel.config());
            self.ids.push((channel, id));
        }
    }

    pub(super) fn are_offered(&self) -> bool {
        !self.ids.is_empty()
    }

    fn id(&self, channel: Channel) -> Option<ChannelId> {
        let found = self.ids.iter().find(|(known, _)| *known == channel);
        found.map(|(_, id)| *id)
    }

    fn channel(&self, id: ChannelId) -> Option<Channel> {
        let found = self.ids.iter().find(|(_, known)| *known == id);
        found.map(|(channel, _)| *channel)
    }

    /// Translates an event about channels or counts. A channel that the client opened by itself is
    /// closed again.
    pub(super) fn event(&mut self, rtc: &mut Rtc, event: Event) -> Option<TransportEvent> {
        match event {
            Event::ChannelOpen(id, _) => match self.channel(id) {
                Some(channel) => Some(TransportEvent::ChannelOpened(channel)),
                None => {
                    rtc.direct_api().close_data_channel(id);
                    None
                }
            },
            Event::ChannelClose(id) => self.channel(id).map(TransportEvent::ChannelClosed),
            Event::ChannelData(data) => {
                let channel = self.channel(data.id)?;
                Some(TransportEvent::Data(channel, data.data))
            }
            Event::MediaIngressStats(stats) => self.count(stats.mid, true, stats.nacks),
            Event::MediaEgressStats(stats) => self.count(stats.mid, false, stats.nacks),
            _ => None,
        }
    }

    fn count(
        &mut self,
        mid: str0m::media::Mid,
        ingress: bool,
        nacks: u64,
    ) -> Option<TransportEvent> {
        let before = self.nacks.insert((Mid::new(mid), ingress), nacks);
        let more = nacks.saturating_sub(before.unwrap_or(0));
        (more > 0).then_some(TransportEvent::Nacks(more))
    }
}

impl Transport {
    /// Hands a frame to a channel. Returns false if the channel's buffer is full for now.
    pub(crate) fn write_channel(
        &mut self,
        channel: Channel,
        frame: &[u8],
    ) -> Result<bool, TransportError> {
        let id = self.channels.id(channel).ok_or(TransportError::NoOffer)?;
        self.rtc.call(|rtc| match rtc.channel(id) {
            Some(mut channel) => Ok(channel.write(true, frame)?),
            None => Ok(false),
        })?
    }

    /// Returns the number of bytes, over both channels, that the client has not acknowledged.
    pub(crate) fn channel_bytes(&mut self) -> Result<usize, TransportError> {
        let ids: [Option<ChannelId>; 2] = Channel::ALL.map(|channel| self.channels.id(channel));
        self.rtc.call(|rtc| {
            let ids = ids.into_iter().flatten();
            ids.filter_map(|id| Some(rtc.channel(id)?.buffered_amount()))
                .sum()
        })
    }
}
