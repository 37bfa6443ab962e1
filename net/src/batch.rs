//! A run of datagrams that leaves the machine with one system call.

use std::net::{IpAddr, SocketAddr};

/// Datagrams in one send. A browser's receive buffer may hold as little as 212,992 bytes, which is
/// about 170 datagrams as the kernel counts them. One send must be a small part of that.
pub const SEGMENTS_MAX: usize = 16;

/// Bytes in one send: the largest UDP datagram, which is the most that the kernel splits.
const BATCH_BYTES_MAX: usize = 60_000;

/// Consecutive datagrams from one address to one other. All have one size, except the last, which
/// may be shorter.
#[derive(Debug, Default)]
pub struct SendBatch {
    route: Option<(IpAddr, SocketAddr)>,
    bytes: Vec<u8>,
    segment: usize,
    segments: usize,
}

impl SendBatch {
    /// Makes an empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a datagram. Returns false if it cannot join the batch: then send the batch first, for
    /// an empty batch takes any datagram.
    #[must_use]
    pub fn push(&mut self, source: IpAddr, destination: SocketAddr, payload: &[u8]) -> bool {
        self.push_parts(source, destination, [payload])
    }

    /// Adds a datagram in parts, as [`Self::push`] does.
    #[must_use]
    pub fn push_parts<const N: usize>(
        &mut self,
        source: IpAddr,
        destination: SocketAddr,
        parts: [&[u8]; N],
    ) -> bool {
        let length = parts.iter().map(|part| part.len()).sum();
        if self.is_empty() {
            self.route = Some((source, destination));
            self.segment = length;
        } else if !self.joins(source, destination, length) {
            return false;
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.segments += 1;
        true
    }

    fn joins(&self, source: IpAddr, destination: SocketAddr, length: usize) -> bool {
        let last_was_full = self.bytes.len() == self.segments * self.segment;
        self.route == Some((source, destination))
            && last_was_full
            && (1..=self.segment).contains(&length)
            && self.segments < SEGMENTS_MAX
            && self.bytes.len() + length <= BATCH_BYTES_MAX
    }

    /// Returns true if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.segments == 0
    }

    /// Returns the number of datagrams that wait.
    pub fn len(&self) -> usize {
        self.segments
    }

    /// Returns the source and the destination of a batch that is not empty.
    pub(crate) fn route(&self) -> Option<(IpAddr, SocketAddr)> {
        self.route.filter(|_| !self.is_empty())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn segment(&self) -> usize {
        self.segment
    }

    /// Drops all datagrams.
    pub fn clear(&mut self) {
        self.drop_front(self.segments);
    }

    /// Drops the first `segments` datagrams.
    pub(crate) fn drop_front(&mut self, segments: usize) {
        let bytes = (segments * self.segment).min(self.bytes.len());
        self.bytes.drain(..bytes);
        self.segments -= segments;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn to(port: u16) -> SocketAddr {
        (SOURCE, port).into()
    }

    /// Pushes datagrams of the given sizes to port 9; returns the number that joined the batch.
    fn taken(sizes: &[usize]) -> usize {
        let mut batch = SendBatch::new();
        let joins = |size: &&usize| batch.push(SOURCE, to(9), &vec![0; **size]);
        sizes.iter().take_while(joins).count()
    }

    #[test]
    fn equal_sizes_join_and_a_shorter_one_ends_the_run() {
        assert_eq!(taken(&[100, 100, 40]), 3);
        assert_eq!(taken(&[100, 40, 40]), 2);
        assert_eq!(taken(&[100, 101]), 1);
        assert_eq!(taken(&[100, 0]), 1);
    }

    #[test]
    fn a_run_is_bounded_in_datagrams_and_bytes() {
        assert_eq!(taken(&[10; 40]), SEGMENTS_MAX);
        assert_eq!(taken(&[9000; 16]), 6);
    }

    #[test]
    fn another_destination_or_source_starts_a_new_run() {
        let mut batch = SendBatch::new();
        assert!(batch.push(SOURCE, to(9), &[1; 10]));
        assert!(!batch.push(SOURCE, to(10), &[1; 10]));
        let other = IpAddr::from([127, 0, 0, 2]);
        assert!(!batch.push(other, to(9), &[1; 10]));
    }
}
