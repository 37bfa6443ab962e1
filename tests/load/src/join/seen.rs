use anyhow::{Context, Result, bail};
use fmz_client::{Event, Events, Subscription};
use fmz_media::frame::{FrameIndex, FrameMap, FrameMaps};
use fmz_proto::v1;
use std::collections::BTreeMap;

/// State known from the events so far.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) connected: bool,
    pub(super) loaded: bool,
    pub(super) stream: Option<Subscription>,
    pub(super) changes: u64,
    maps: BTreeMap<String, FrameMaps>,
}

impl Seen {
    pub(super) async fn until(
        &mut self,
        events: &mut Events,
        done: impl Fn(&Self) -> bool,
    ) -> Result<()> {
        while !done(self) {
            self.take(events.next().await)?;
        }
        Ok(())
    }

    /// Takes in an event from [`Events::next`].
    pub(super) fn take(&mut self, event: Option<Event>) -> Result<()> {
        match event.context("the session ended")? {
            Event::Connected(welcome) => welcome.publications.iter().try_for_each(|p| self.add(p)),
            Event::PublicationAdded(publication) => self.add(&publication),
            Event::FrameMap(map) => self.add_map(&map),
            Event::Transport { connected } => {
                self.connected = connected;
                Ok(())
            }
            Event::DocumentLoaded => {
                self.loaded = true;
                Ok(())
            }
            Event::Subscribed(stream) => {
                self.stream = Some(stream);
                Ok(())
            }
            Event::DocumentChanged(_) => {
                self.changes += 1;
                Ok(())
            }
            Event::Missed(events) => bail!("{events} events came too fast"),
            Event::Ended { code, text } => bail!("the session ended: {code}, {text}"),
            _ => Ok(()),
        }
    }

    /// Returns the frame that a publication's maps give for an RTP timestamp.
    pub(super) fn frame(&self, publication: &str, timestamp: u32) -> Option<FrameIndex> {
        let at = self.maps.get(publication)?.frame(timestamp)?;
        Some(at.frame)
    }

    fn add(&mut self, publication: &v1::Publication) -> Result<()> {
        let maps = publication.frame_maps.iter();
        maps.cloned().try_for_each(|mut map| {
            map.publication.clone_from(&publication.publication);
            self.add_map(&map)
        })
    }

    fn add_map(&mut self, map: &v1::FrameMap) -> Result<()> {
        let checked = FrameMap::try_from(map).context("frame map")?;
        let maps = self.maps.entry(map.publication.clone()).or_default();
        maps.insert(checked);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(epoch: u32, rtp_base: u32) -> v1::FrameMap {
        v1::FrameMap {
            publication: "p-1-1".into(),
            epoch,
            rtp_base,
            num: 24,
            den: 1,
            speed: 100,
            state: v1::FrameMapState::Playing.into(),
            frames: 48,
            ..Default::default()
        }
    }

    #[test]
    fn frame4_a_map_told_at_the_welcome_and_one_told_later_are_kept() {
        let mut seen = Seen::default();
        let publication = v1::Publication {
            publication: "p-1-1".into(),
            frame_maps: vec![map(1, 0)],
            ..Default::default()
        };
        let welcome = v1::Welcome {
            publications: vec![publication],
            ..Default::default()
        };
        seen.take(Some(Event::Connected(Box::new(welcome))))
            .unwrap();
        seen.take(Some(Event::FrameMap(map(2, 48 * 3750)))).unwrap();
        let at = |timestamp| seen.frame("p-1-1", timestamp).map(|frame| frame.0);
        assert_eq!(at(47 * 3750), Some(47));
        assert_eq!(at(49 * 3750), Some(1));
        assert_eq!(seen.frame("p-2-1", 3750), None);
    }

    #[test]
    fn a_session_that_lost_events_or_ended_is_told() {
        let mut seen = Seen::default();
        assert!(seen.take(Some(Event::Missed(3))).is_err());
        assert!(seen.take(None).is_err());
    }
}
