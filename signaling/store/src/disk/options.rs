//! The layout of a data folder.

/// Size at which the next segment begins, bytes: as much as opening a folder reads and holds in
/// memory at once.
const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How a [`Disk`](super::Disk) lays out its files.
#[derive(Debug, Clone, Copy)]
pub struct DiskOptions {
    /// Size at which the next segment begins, bytes, below 2^31.
    pub segment_bytes_max: u64,
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
        }
    }
}
