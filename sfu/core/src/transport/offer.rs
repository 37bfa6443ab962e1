//! Offers, which only this side makes, and their answers.

use super::{Mid, Transport, TransportError};
use fmz_media::Codec;
use std::collections::BTreeMap;
use str0m::change::{SdpAnswer, SdpApi};
use str0m::media::{Direction, MediaKind};

/// A change to a transport's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LineChange {
    /// A line on which the client sends a publication.
    Receive { audio: bool, codec: Option<Codec> },
    /// A line on which the client receives a publication, under this media stream id.
    Send { publication: String, codec: Codec },
    /// The end of a line.
    Stop(Mid),
}

/// An offer that was made.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) sdp: String,
    /// Lines of the changes, in their order.
    pub(crate) lines: Vec<Mid>,
}

impl Transport {
    /// Offers the changes; the first offer adds the data channels. Returns `None` if there is
    /// nothing to offer.
    pub(crate) fn offer(
        &mut self,
        changes: &[LineChange],
    ) -> Result<Option<Offered>, TransportError> {
        let channels = &mut self.channels;
        let made = self.rtc.call(|rtc| {
            let mut api = rtc.sdp_api();
            if !channels.are_offered() {
                channels.add(&mut api);
            }
            let lines: Vec<Mid> = changes
                .iter()
                .map(|change| apply(&mut api, change))
                .collect();
            let (offer, pending) = api.apply()?;
            Some((offer.to_sdp_string(), pending, lines))
        })?;
        Ok(made.map(|(sdp, pending, lines)| {
            self.pending = Some(pending);
            self.only.extend(codecs(changes, &lines));
            let sdp = restrict(&sdp, &self.only);
            Offered { sdp, lines }
        }))
    }

    /// Takes the answer to the last offer.
    pub(crate) fn answer(&mut self, sdp: &str) -> Result<(), TransportError> {
        let pending = self.pending.take().ok_or(TransportError::NoOffer)?;
        self.rtc.call(|rtc| {
            let answer =
                SdpAnswer::from_sdp_string(sdp).map_err(|_| TransportError::Description)?;
            Ok(rtc.sdp_api().accept_answer(pending, answer)?)
        })?
    }

    /// Returns true if the client refused this line, as it does if it knows none of its codecs.
    pub(crate) fn is_rejected(&mut self, mid: Mid) -> Result<bool, TransportError> {
        self.rtc
            .call(|rtc| rtc.media(mid.inner()).is_none_or(|media| media.disabled()))
    }

    /// Returns true if the client receives packets that are written to this line.
    pub(crate) fn is_sending(&mut self, mid: Mid) -> Result<bool, TransportError> {
        self.rtc.call(|rtc| {
            let agreed = rtc
                .media(mid.inner())
                .is_some_and(|media| media.direction().is_sending());
            agreed
                && rtc
                    .direct_api()
                    .stream_tx_by_mid(mid.inner(), None)
                    .is_some()
        })
    }
}

fn apply(api: &mut SdpApi<'_>, change: &LineChange) -> Mid {
    let kind = |audio| {
        if audio {
            MediaKind::Audio
        } else {
            MediaKind::Video
        }
    };
    Mid::new(match change {
        LineChange::Receive { audio, .. } => {
            api.add_media(kind(*audio), Direction::RecvOnly, None, None, None)
        }
        LineChange::Send { publication, codec } => api.add_media(
            kind(codec.is_audio()),
            Direction::SendOnly,
            Some(publication.clone()),
            None,
            None,
        ),
        LineChange::Stop(mid) => {
            api.stop_media(mid.inner());
            mid.inner()
        }
    })
}

/// Returns the codec of each new line that has only one.
fn codecs(changes: &[LineChange], lines: &[Mid]) -> BTreeMap<String, Codec> {
    let only = |change: &LineChange| match change {
        LineChange::Receive { codec, .. } => *codec,
        LineChange::Send { codec, .. } => Some(*codec),
        LineChange::Stop(_) => None,
    };
    let pairs = changes.iter().zip(lines);
    pairs
        .filter_map(|(change, mid)| Some((mid.to_string(), only(change)?)))
        .collect()
}

/// Removes every other codec from these lines. The offer is shorter, and the client has no choice.
fn restrict(sdp: &str, codecs: &BTreeMap<String, Codec>) -> String {
    let mut sections: Vec<Vec<&str>> = vec![Vec::new()];
    for line in sdp.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        sections.last_mut().expect("never empty").push(line);
    }
    let section = |section: Vec<&str>| {
        let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:"));
        match mid.and_then(|mid| codecs.get(mid)) {
            Some(codec) => restrict_section(&section, *codec),
            None => section.into_iter().map(str::to_owned).collect(),
        }
    };
    let lines: Vec<String> = sections.into_iter().flat_map(section).collect();
    lines.join("\r\n") + "\r\n"
}

fn restrict_section(section: &[&str], codec: Codec) -> Vec<String> {
    let kept = payload_types(section, codec);
    let keeps = |line: &&&str| attribute_payload_type(line).is_none_or(|pt| kept.contains(&pt));
    let mut lines: Vec<String> = section
        .iter()
        .filter(keeps)
        .map(|line| (*line).to_owned())
        .collect();
    let media: Vec<&str> = section[0].splitn(4, ' ').take(3).collect();
    lines[0] = format!("{} {}", media.join(" "), kept.join(" "));
    lines
}

/// Returns the payload types of a codec and of its retransmissions.
fn payload_types<'a>(section: &[&'a str], codec: Codec) -> Vec<&'a str> {
    let named = |line: &&'a str| {
        let (pt, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        let name = name.split('/').next()?;
        (Codec::from_name(name) == Some(codec)).then_some(pt)
    };
    let own: Vec<&str> = section.iter().filter_map(named).collect();
    let repairs = |line: &&'a str| {
        let (pt, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
        let of = parameters.strip_prefix("apt=")?;
        own.contains(&of).then_some(pt)
    };
    let repair: Vec<&str> = section.iter().filter_map(repairs).collect();
    own.into_iter().chain(repair).collect()
}

fn attribute_payload_type<'a>(line: &&'a str) -> Option<&'a str> {
    let rest = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
        .into_iter()
        .find_map(|prefix| line.strip_prefix(prefix))?;
    rest.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\na=group:BUNDLE a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\na=mid:a\r\n\
        a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
        a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\na=sendonly\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:b\r\na=rtpmap:111 opus/48000/2\r\n";

    #[test]
    fn sfu6_a_line_may_offer_one_codec() {
        let restricted = restrict(SDP, &BTreeMap::from([("a".to_owned(), Codec::Vp9)]));
        let expected = "v=0\r\na=group:BUNDLE a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 98 99\r\na=mid:a\r\n\
            a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\na=sendonly\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:b\r\na=rtpmap:111 opus/48000/2\r\n";
        assert_eq!(restricted, expected);
    }

    #[test]
    fn sfu6_other_lines_stay_as_they_are() {
        assert_eq!(restrict(SDP, &BTreeMap::new()), SDP);
    }
}
