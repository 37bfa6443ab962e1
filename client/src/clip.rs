//! Makes the demonstration film with ffmpeg: dawn over hills, timecode, a test chart, and the
//! number of every picture as a code.

mod ffmpeg;
mod graph;
mod noise;
mod plate;
mod scene;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Number of the film's design. It is part of the file's name, so an old file is not taken for a
/// new one: raise it whenever the picture changes.
const EDITION: u32 = 1;
/// Narrowest and widest picture, in pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 320..=4096;
/// Longest film, in pictures: ten minutes at 24 a second, about two gigabytes.
const FRAMES_MAX: u32 = 14_400;

/// Size, rate and length of a film to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClipSpec {
    /// Width in pixels: a multiple of 16 in 320..=4096.
    pub width: u32,
    /// Height in pixels: even, from a quarter of the width to the width.
    pub height: u32,
    /// Frames a second: whole, in 1..=120.
    pub rate: u32,
    /// Pictures in the film: 1..=14,400.
    pub frames: u32,
    /// Thousands of bits a second: 100..=200,000.
    pub bitrate_kbps: u32,
}

impl Default for ClipSpec {
    /// Returns ten seconds of 4K at 24 frames and 25 Mbit a second.
    fn default() -> Self {
        Self {
            width: 3840,
            height: 2160,
            rate: 24,
            frames: 240,
            bitrate_kbps: 25_000,
        }
    }
}

impl ClipSpec {
    /// Returns a small film of the same length, for tests.
    #[must_use]
    pub fn small() -> Self {
        Self {
            width: 1280,
            height: 720,
            bitrate_kbps: 3000,
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), ClipError> {
        let sized = WIDTHS.contains(&self.width)
            && self.width.is_multiple_of(16)
            && self.height.is_multiple_of(2)
            && (self.width / 4..=self.width).contains(&self.height);
        let timed = (1..=120).contains(&self.rate) && (1..=FRAMES_MAX).contains(&self.frames);
        let rated = (100..=200_000).contains(&self.bitrate_kbps);
        (sized && timed && rated)
            .then_some(())
            .ok_or(ClipError::Spec)
    }

    fn file_name(&self) -> String {
        let mut hasher = DefaultHasher::new();
        (EDITION, self).hash(&mut hasher);
        let Self {
            width,
            height,
            rate,
            ..
        } = self;
        format!("demo-{width}x{height}-{rate}-{:016x}.ivf", hasher.finish())
    }
}

/// Reasons for which no film was made.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The specification is out of range; the fields of [`ClipSpec`] state theirs.
    #[error("no film of that size, length or rate can be made")]
    Spec,
    /// ffmpeg is not installed.
    #[error("ffmpeg is not installed; on Debian: apt install ffmpeg")]
    NoFfmpeg,
    /// The font of the timecode is not installed.
    #[error("no DejaVu font found; on Debian: apt install fonts-dejavu-core")]
    NoFont,
    /// ffmpeg failed.
    #[error("ffmpeg failed: {0}")]
    Ffmpeg(String),
    /// A file or the folder cannot be written.
    #[error("write {path}: {error}")]
    Write {
        /// File or folder.
        path: PathBuf,
        /// Reason from the system.
        error: std::io::Error,
    },
}

impl ClipError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Spec => "clip_spec",
            Self::NoFfmpeg => "no_ffmpeg",
            Self::NoFont => "no_font",
            Self::Ffmpeg(_) => "ffmpeg",
            Self::Write { .. } => "clip_write",
        }
    }

    fn write(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_owned();
        Self::Write { path, error }
    }
}

/// Returns the path of the film in `folder`, which is created if it does not exist. If the folder
/// already has a film of the same specification, that one is returned.
///
/// Making the film takes about as long as the film lasts, on two cores. `progress` is called with
/// the share that is done, 0.0..=1.0. The function blocks its thread, so an async task must call it
/// through `spawn_blocking`.
///
/// # Errors
/// [`ClipError`]; no partly written file is left under the film's name.
pub fn make_clip(
    folder: &Path,
    spec: &ClipSpec,
    progress: &mut dyn FnMut(f64),
) -> Result<PathBuf, ClipError> {
    spec.check()?;
    std::fs::create_dir_all(folder).map_err(|error| ClipError::write(folder, error))?;
    let film = folder.join(spec.file_name());
    if film.exists() {
        progress(1.0);
        return Ok(film);
    }
    let started = Instant::now();
    // Made in a temporary folder beside the film and moved at the end, so a crash leaves no partial
    // film.
    let work = tempfile::Builder::new().prefix(".clip-").tempdir_in(folder);
    let work = work.map_err(|error| ClipError::write(folder, error))?;
    let made = make_in(work.path(), spec, progress)?;
    std::fs::rename(&made, &film).map_err(|error| ClipError::write(&film, error))?;
    tracing::info!(film = %film.display(), took = ?started.elapsed(), "demo film made");
    Ok(film)
}

fn make_in(
    work: &Path,
    spec: &ClipSpec,
    progress: &mut dyn FnMut(f64),
) -> Result<PathBuf, ClipError> {
    let font = ffmpeg::font()?;
    ffmpeg::check()?;
    let layers = scene::layers(spec.width, spec.height, spec.frames);
    let mut inputs = Vec::new();
    for layer in &layers {
        let path = work.join(layer.name).with_extension("pam");
        let written = layer.plate.write(&path);
        written.map_err(|error| ClipError::write(&path, error))?;
        inputs.push(path);
    }
    let film = work.join("film.ivf");
    let graph = graph::graph(spec, &layers, &font);
    ffmpeg::encode(spec, &inputs, &graph, &film, progress)?;
    Ok(film)
}
