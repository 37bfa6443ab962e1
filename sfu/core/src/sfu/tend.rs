//! Work of an endpoint besides packets.

use super::Sfu;
use crate::LinkCode;
use crate::endpoint::Flushed;
use crate::schedule::Work;
use crate::slot::Slot;
use crate::transport::TransportError;
use std::time::Instant;

impl Sfu {
    /// Does everything that is due for an endpoint except forwarding, which sends what is written
    /// here. Returns false if the endpoint ended.
    pub(super) fn tend(&mut self, slot: Slot, now: Instant) -> bool {
        if let Some(code) = self.endpoints[slot].overdue(now) {
            self.end(slot, code, now);
            return false;
        }
        if let Err(fault) = self.tend_transport(slot, now) {
            self.fail(slot, &fault, now);
            return false;
        }
        let at = self.endpoints[slot].tend_at(&self.publications, now);
        self.schedule.arm(slot, Work::Tend, at);
        true
    }

    fn tend_transport(&mut self, slot: Slot, now: Instant) -> Result<(), TransportError> {
        self.negotiate(slot, now)?;
        self.flush_channels(slot)?;
        self.request_keyframes(slot, now)
    }

    fn flush_channels(&mut self, slot: Slot) -> Result<(), TransportError> {
        for flushed in self.endpoints[slot].flush_channels()? {
            match flushed {
                Flushed::Broken(channel) => {
                    self.emit_error(slot, LinkCode::ChannelWrite, 0);
                    self.set_channel(slot, channel, false);
                }
                Flushed::Recovered(channel) => self.set_channel(slot, channel, true),
            }
        }
        self.emit_pressure(slot);
        Ok(())
    }

    /// Asks the client for keyframes of its publications, as far as they are due.
    fn request_keyframes(&mut self, slot: Slot, now: Instant) -> Result<(), TransportError> {
        let endpoint = &mut self.endpoints[slot];
        for key in &endpoint.publications {
            let publication = &mut self.publications[*key];
            if publication.keyframe_due(now).is_none_or(|at| at > now) {
                continue;
            }
            publication.keyframe_asked(now);
            let mid = publication.mid.expect("its packets came on a line");
            if endpoint.transport.request_keyframe(mid)? {
                self.stats.plis_out += 1;
            }
        }
        Ok(())
    }
}
