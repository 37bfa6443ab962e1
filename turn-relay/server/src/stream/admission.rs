//! Limits the number of connections.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections of one source, such as an office behind one address whose network blocks UDP. An
/// IPv6 source is a network of 64 bits. Loopback is not counted, because a proxy there stands for
/// many clients. The page's port counts sources too, with its own limit (`fmz_net::front`), and
/// streams that come by it pass both limits.
pub const CONNECTIONS_PER_SOURCE_MAX: usize = 20;
/// Connections of all sources together: each may hold a megabyte.
pub const CONNECTIONS_MAX: usize = 4096;

/// Counts connections by source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admission {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// The bound that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Source,
    Total,
}

/// Place of one connection, given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    open: Arc<Mutex<Open>>,
    source: IpAddr,
}

impl Admission {
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Place, Refused> {
        let source = source(address);
        let mut open = lock(&self.open);
        if open.total >= CONNECTIONS_MAX {
            return Err(Refused::Total);
        }
        let of_source = open.by_source.entry(source).or_default();
        if *of_source >= CONNECTIONS_PER_SOURCE_MAX && !source.is_loopback() {
            return Err(Refused::Source);
        }
        *of_source += 1;
        open.total += 1;
        let open = Arc::clone(&self.open);
        Ok(Place { open, source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.total -= 1;
        if let Some(of_source) = open.by_source.get_mut(&self.source) {
            *of_source -= 1;
            if *of_source == 0 {
                open.by_source.remove(&self.source);
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn turn_stream7_connections_of_one_source_are_bounded() {
        let admission = Admission::default();
        let admit = |address: &str| admission.admit(ip(address));
        let mut places: Vec<Place> = (0..CONNECTIONS_PER_SOURCE_MAX)
            .map(|_| admit("192.0.2.1").unwrap())
            .collect();
        assert_eq!(admit("192.0.2.1").unwrap_err(), Refused::Source);
        assert_eq!(admit("::ffff:192.0.2.1").unwrap_err(), Refused::Source);
        assert!(admit("192.0.2.2").is_ok());
        places.pop();
        assert!(admit("192.0.2.1").is_ok());
        drop(places);
        assert!(lock(&admission.open).by_source.is_empty());
    }

    #[test]
    fn turn_stream7_a_network_of_64_bits_is_one_source() {
        let admission = Admission::default();
        let places: Vec<_> = (0..=CONNECTIONS_PER_SOURCE_MAX)
            .map(|host| admission.admit(ip(&format!("2001:db8::{host:x}"))))
            .collect();
        assert_eq!(
            places.iter().filter(|place| place.is_ok()).count(),
            CONNECTIONS_PER_SOURCE_MAX
        );
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn turn_stream7_all_connections_together_are_bounded() {
        let admission = Admission::default();
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let places: Vec<_> = (0..CONNECTIONS_MAX)
            .map(|n| admission.admit(address(n)).unwrap())
            .collect();
        assert_eq!(
            admission.admit(address(CONNECTIONS_MAX)).unwrap_err(),
            Refused::Total
        );
        drop(places);
        assert!(admission.admit(address(0)).is_ok());
    }
}
