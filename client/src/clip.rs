//! Makes the demonstration film with ffmpeg: dawn over hills, timecode, a chart, and
//! the number of every picture.

mod ffmpeg;
mod graph;
mod noise;
mod plate;
mod scene;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Changes whenever the picture does, so that an old film is not taken for the new.
const EDITION: u32 = 1;
/// Narrowest and widest picture.
const WIDTHS: std::ops::RangeInclusive<u32> = 320..=4096;
/// Longest film: ten minutes, some two gigabytes.
const FRAMES_MAX: u32 = 14_400;

/// What film to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClipSpec {
    /// Pixels, a multiple of 16 in 320..=4096.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Frames a second, whole.
    pub rate: u32,
    /// Pictures in the film.
    pub frames: u32,
    /// Bits a second, thousands.
    pub bitrate_kbps: u32,
}

impl Default for ClipSpec {
    /// Ten seconds of 4K at 24 frames and 25 Mbit a second.
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
    /// A small film of the same length for tests.
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

/// Why there is no film.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The specification is out of range.
    #[error("no film of that size, length or rate can be made")]
    Spec,
    /// ffmpeg is not installed.
    #[error("ffmpeg is not installed; on Debian: apt install ffmpeg")]
    NoFfmpeg,
    /// The font for timecode is not installed.
    #[error("no DejaVu font found; on Debian: apt install fonts-dejavu-core")]
    NoFont,
    /// ffmpeg failed.
    #[error("ffmpeg failed: {0}")]
    Ffmpeg(String),
    /// The folder cannot be written.
    #[error("write {path}: {error}")]
    Write {
        /// File or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl ClipError {
    /// Stable name of the error.
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

/// Gives the film's file in `folder`, which is made if need be. A film of the same
/// specification is made only once.
///
/// Takes about as long as the film on two cores. `progress` is told the share that is done,
/// 0.0..=1.0. Blocks: call it from a thread that may.
///
/// # Errors
/// [`ClipError`]; nothing half-made is left under the film's name.
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
