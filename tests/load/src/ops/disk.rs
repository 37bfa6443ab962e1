//! Cost of one synced append on this disk, without any server.

use crate::report::Delays;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const APPENDS: usize = 250;
/// Bytes of a small group of ops with its framing.
const APPEND_BYTES: usize = 300;

/// Appends and syncs (fdatasync) in turn.
pub(super) fn run(folder: &Path) -> Result<Delays> {
    let mut file = std::fs::File::create(folder.join("probe")).context("make a file")?;
    let mut synced = Delays::new();
    for _ in 0..APPENDS {
        file.write_all(&[0x5a; APPEND_BYTES]).context("append")?;
        let begin = Instant::now();
        file.sync_data().context("sync")?;
        synced.record(begin.elapsed());
    }
    Ok(synced)
}
