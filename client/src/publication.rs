//! Publications of this client, kept across reconnects.

use crate::ClientError;
use crate::transport::{Outgoing, outgoing};
use bytes::Bytes;
use fmz_media::Codec;
use fmz_proto::v1;
use rtc::rtp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Publications of one client: picture and sound of a film, a camera and a screen, with room to
/// spare.
const PUBLICATIONS_MAX: usize = 16;

/// State of a publication.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    Waiting,
    Live(Binding),
    Refused { code: String, text: String },
}

/// A publication on a transport that stands.
#[derive(Debug, Clone)]
pub struct Binding {
    publication: String,
    payload_type: u8,
    generation: u64,
    outgoing: Arc<Outgoing>,
}

/// One RTP packet to send. The client writes the rest of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingPacket {
    /// Sequence number; the publisher counts, also across bindings.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Whether this is the last packet of a picture.
    pub marker: bool,
    /// Payload, with the codec's descriptor.
    pub payload: Bytes,
}

impl Binding {
    /// Returns the id under which others receive the publication. It changes with a reconnect.
    #[must_use]
    pub fn publication(&self) -> &str {
        &self.publication
    }

    /// Returns the number of this binding among all of the client. Unlike the publication's id it
    /// never repeats: a server that was restarted may give an id again, with nothing known under
    /// it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Sends a packet; waits while the transport's queue is full.
    ///
    /// # Errors
    /// [`ClientError::Transport`] if the transport is gone: wait for the next binding.
    pub async fn send(&self, packet: OutgoingPacket) -> Result<(), ClientError> {
        let header = rtp::Header {
            version: 2,
            marker: packet.marker,
            payload_type: self.payload_type,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: self.outgoing.ssrc,
            ..Default::default()
        };
        let payload = packet.payload;
        Ok(self.outgoing.write(rtp::Packet { header, payload }).await?)
    }
}

/// The publisher's end of a publication. It outlives connections.
#[derive(Debug)]
pub struct LocalTrack {
    request: u32,
    standing: watch::Receiver<Standing>,
}

impl LocalTrack {
    /// Returns the number under which this client asked to publish.
    #[must_use]
    pub fn request(&self) -> u32 {
        self.request
    }

    /// Returns the current binding; `None` between two transports.
    #[must_use]
    pub fn binding(&self) -> Option<Binding> {
        match &*self.standing.borrow() {
            Standing::Live(binding) => Some(binding.clone()),
            _ => None,
        }
    }

    /// Returns an error if no further binding will come; see [`Self::bound`].
    pub(crate) fn check(&self) -> Result<(), ClientError> {
        if self.standing.has_changed().is_err() {
            return Err(ClientError::Ended);
        }
        match &*self.standing.borrow() {
            Standing::Refused { code, text } => Err(ClientError::Refused {
                code: code.clone(),
                text: text.clone(),
            }),
            Standing::Waiting | Standing::Live(_) => Ok(()),
        }
    }

    /// Waits until packets can be sent.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if the server refuses; [`ClientError::Ended`] if the session has
    /// ended or the track was unpublished.
    pub async fn bound(&mut self) -> Result<Binding, ClientError> {
        let settled = |standing: &Standing| !matches!(standing, Standing::Waiting);
        let waited = self.standing.wait_for(settled).await.map(drop);
        waited.map_err(|_| ClientError::Ended)?;
        self.check()?;
        self.binding().ok_or(ClientError::Ended)
    }
}

#[derive(Debug)]
struct Line {
    mid: String,
    publication: String,
    outgoing: Arc<Outgoing>,
}

#[derive(Debug)]
struct Entry {
    publish: v1::Publish,
    codec: Codec,
    ssrc: u32,
    line: Option<Line>,
    standing: watch::Sender<Standing>,
}

/// All publications of a client, by request.
#[derive(Debug, Default)]
pub(crate) struct Publications {
    entries: BTreeMap<u32, Entry>,
    last_request: u32,
    bindings: u64,
}

impl Publications {
    /// Records a request to publish and chooses its number.
    pub(crate) fn add(
        &mut self,
        mut publish: v1::Publish,
        codec: Codec,
        ssrc: u32,
    ) -> Result<(LocalTrack, v1::Publish), ClientError> {
        if self.entries.len() >= PUBLICATIONS_MAX {
            return Err(ClientError::TooManyPublications);
        }
        self.last_request += 1;
        let request = self.last_request;
        publish.request = request;
        publish.codec = codec.name().into();
        let (standing, receiver) = watch::channel(Standing::Waiting);
        let entry = Entry {
            publish: publish.clone(),
            codec,
            ssrc,
            line: None,
            standing,
        };
        self.entries.insert(request, entry);
        let track = LocalTrack {
            request,
            standing: receiver,
        };
        Ok((track, publish))
    }

    /// Forgets a publication; returns its id if the server has given one.
    pub(crate) fn remove(&mut self, request: u32) -> Option<String> {
        let line = self.entries.remove(&request)?.line?;
        Some(line.publication)
    }

    /// Marks all publications as waiting: the transport is gone. Refused ones stay refused.
    pub(crate) fn unbind(&mut self) {
        for entry in self.entries.values_mut() {
            entry.line = None;
            entry.standing.send_if_modified(|standing| {
                let live = matches!(standing, Standing::Live(_));
                if live {
                    *standing = Standing::Waiting;
                }
                live
            });
        }
    }

    /// Returns the requests to send on a new session or transport.
    pub(crate) fn requests(&self) -> Vec<v1::Publish> {
        let wanted = self
            .entries
            .values()
            .filter(|entry| !matches!(*entry.standing.borrow(), Standing::Refused { .. }));
        wanted.map(|entry| entry.publish.clone()).collect()
    }

    /// Returns the tracks of an offer's new lines, in the order of its SDP, which is the order in
    /// which the stack takes them.
    pub(crate) fn assign(&mut self, offer: &v1::Offer) -> Vec<(String, Arc<Outgoing>)> {
        let mut lines: Vec<_> = offer.lines.iter().collect();
        lines.sort_by_key(|line| place_of(&offer.sdp, &line.mid));
        let mut tracks = Vec::new();
        for line in lines {
            let Some(entry) = self.entries.get_mut(&line.request) else {
                continue;
            };
            if entry
                .line
                .as_ref()
                .is_some_and(|known| known.mid == line.mid)
            {
                continue;
            }
            let outgoing = Arc::new(outgoing(&line.publication, entry.ssrc, entry.codec));
            entry.line = Some(Line {
                mid: line.mid.clone(),
                publication: line.publication.clone(),
                outgoing: Arc::clone(&outgoing),
            });
            tracks.push((line.mid.clone(), outgoing));
        }
        tracks
    }

    /// Returns the lines that are not live yet: request, mid, codec.
    pub(crate) fn unbound(&self) -> Vec<(u32, String, Codec)> {
        let waiting = self
            .entries
            .iter()
            .filter(|(_, entry)| matches!(*entry.standing.borrow(), Standing::Waiting));
        waiting
            .filter_map(|(&request, entry)| {
                let line = entry.line.as_ref()?;
                Some((request, line.mid.clone(), entry.codec))
            })
            .collect()
    }

    /// Makes a line live: packets can be sent from now on.
    pub(crate) fn bind(&mut self, request: u32, payload_type: u8) {
        let Some(entry) = self.entries.get(&request) else {
            return;
        };
        if let Some(line) = &entry.line {
            self.bindings += 1;
            entry.standing.send_replace(Standing::Live(Binding {
                publication: line.publication.clone(),
                payload_type,
                generation: self.bindings,
                outgoing: Arc::clone(&line.outgoing),
            }));
        }
    }

    /// Marks a publication as refused, by the server or because the offer lacks its codec.
    pub(crate) fn refuse(&self, request: u32, code: &str, text: &str) {
        if let Some(entry) = self.entries.get(&request) {
            entry.standing.send_replace(Standing::Refused {
                code: code.into(),
                text: text.into(),
            });
        }
    }
}

fn place_of(sdp: &str, mid: &str) -> Option<usize> {
    let attribute = format!("a=mid:{mid}");
    sdp.lines().position(|line| line.trim_end() == attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &[(u32, &str)]) -> v1::Offer {
        v1::Offer {
            sdp: "a=mid:0\r\na=mid:a\r\na=mid:b\r\n".into(),
            lines: lines
                .iter()
                .map(|(request, mid)| v1::PublishLine {
                    request: *request,
                    mid: (*mid).into(),
                    publication: format!("p-1-{request}"),
                })
                .collect(),
            ..Default::default()
        }
    }

    #[test]
    fn lines_are_assigned_once_in_the_order_of_the_sdp() {
        let mut publications = Publications::default();
        for ssrc in [7, 8] {
            publications
                .add(v1::Publish::default(), Codec::Vp8, ssrc)
                .unwrap();
        }
        let tracks = publications.assign(&offer(&[(2, "b"), (1, "a"), (9, "0")]));
        let order: Vec<_> = tracks
            .iter()
            .map(|(mid, track)| (mid.as_str(), track.ssrc))
            .collect();
        assert_eq!(order, [("a", 7), ("b", 8)]);
        assert!(
            publications
                .assign(&offer(&[(1, "a"), (2, "b")]))
                .is_empty()
        );
        publications.unbind();
        assert_eq!(publications.assign(&offer(&[(1, "0")])).len(), 1);
    }

    #[tokio::test]
    async fn a_binding_comes_goes_and_is_refused() {
        let mut publications = Publications::default();
        let (mut track, publish) = publications
            .add(v1::Publish::default(), Codec::Vp8, 7)
            .unwrap();
        assert_eq!((publish.request, publish.codec.as_str()), (1, "VP8"));
        publications.assign(&offer(&[(1, "a")]));
        assert_eq!(publications.unbound(), [(1, "a".into(), Codec::Vp8)]);
        publications.bind(1, 96);
        assert_eq!(track.bound().await.unwrap().publication(), "p-1-1");
        assert!(publications.unbound().is_empty());
        publications.unbind();
        assert!(track.binding().is_none());
        publications.refuse(1, "grant", "no");
        assert_eq!(track.bound().await.unwrap_err().code(), "grant");
        assert!(publications.requests().is_empty());
        publications.remove(1);
        assert!(publications.requests().is_empty());
    }

    #[test]
    fn publications_are_bounded() {
        let mut publications = Publications::default();
        let mut add = || publications.add(v1::Publish::default(), Codec::Vp8, 7);
        for _ in 0..PUBLICATIONS_MAX {
            add().unwrap();
        }
        assert_eq!(add().unwrap_err().code(), "too_many_publications");
    }
}
