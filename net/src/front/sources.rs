//! Counts the connections of each source.

use super::refusal::Refusal;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// Bits of an IPv6 address that name a site; a site chooses the rest itself.
const SITE: u128 = !0 << 64;

#[derive(Debug)]
pub(super) struct Sources {
    each_max: usize,
    total_max: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    /// Sources with a connection: no more than there are connections.
    each: HashMap<IpAddr, usize>,
}

impl Sources {
    pub(super) fn new(each_max: usize, total_max: usize) -> Arc<Self> {
        Arc::new(Self {
            each_max,
            total_max,
            counts: Mutex::default(),
        })
    }

    /// Takes a place for a connection.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, Refusal> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= self.total_max {
            return Err(Refusal::Full);
        }
        let source = source(address);
        if let Some(source) = source {
            let count = counts.each.entry(source).or_default();
            if *count >= self.each_max {
                return Err(Refusal::SourceFull);
            }
            *count += 1;
        }
        counts.total += 1;
        Ok(Place {
            sources: self.clone(),
            source,
        })
    }

    fn leave(&self, source: Option<IpAddr>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        let Some(source) = source else { return };
        if let Some(count) = counts.each.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                counts.each.remove(&source);
            }
        }
    }
}

/// Returns the source that an address counts for; `None` for loopback.
fn source(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.into()),
        IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() & SITE).into()),
    }
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    sources: Arc<Sources>,
    source: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sources.leave(self.source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(sources: &Arc<Sources>, address: &str) -> Result<Place, Refusal> {
        sources.enter(address.parse().unwrap())
    }

    #[test]
    fn front8_a_source_has_so_many_places_and_gives_them_back() {
        let sources = Sources::new(1, 10);
        let held = enter(&sources, "192.0.2.1").unwrap();
        let again = enter(&sources, "::ffff:192.0.2.1");
        assert_eq!(again.err(), Some(Refusal::SourceFull));
        assert!(enter(&sources, "192.0.2.2").is_ok());
        drop(held);
        assert!(enter(&sources, "192.0.2.1").is_ok());
        assert!(sources.counts.lock().unwrap().each.is_empty());
    }

    #[test]
    fn front8_an_ipv6_site_is_one_source_and_loopback_is_none() {
        let sources = Sources::new(1, 10);
        let _held = enter(&sources, "2001:db8::1").unwrap();
        let near = enter(&sources, "2001:db8::ffff:2");
        assert_eq!(near.err(), Some(Refusal::SourceFull));
        assert!(enter(&sources, "2001:db8:0:1::1").is_ok());
        let _here: Vec<_> = (0..3)
            .map(|_| enter(&sources, "127.0.0.1").unwrap())
            .collect();
    }

    #[test]
    fn front8_all_sources_have_so_many_places() {
        let sources = Sources::new(2, 2);
        let _held = [enter(&sources, "127.0.0.1"), enter(&sources, "192.0.2.1")];
        assert_eq!(enter(&sources, "192.0.2.2").err(), Some(Refusal::Full));
        assert_eq!(sources.counts.lock().unwrap().each.len(), 1);
    }
}
