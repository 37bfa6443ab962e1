use bytes::Bytes;
use fmz_media::frame::FrameRate;
use fmz_media::{Codec, is_keyframe};
use fmz_proto::limits::MEDIA_NAME_BYTES_MAX;
use fmz_proto::v1;
use rtc::media::io::ivf_reader::{IVFFileHeader, IVFReader};
use rtc::shared::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Pictures read ahead of the one being sent. At 24 a second they cover a pause of the disk of a
/// sixth of a second.
const PICTURES_AHEAD: usize = 4;
/// Descriptor of a first VP8 packet without options (RFC 7741 section 4.2). With it in front, a
/// whole picture can be judged as a payload.
const DESCRIPTOR: u8 = 0x10;

/// Bytes of the content's hash in a media's id: enough that no two films share one.
const CONTENT_BYTES: usize = 16;

/// Settings with which a film is published.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FilmOptions {
    /// Hour at which the film's timecode starts, as is usual in film; it is counted without dropped
    /// labels.
    pub start_hours: u32,
    /// Id of the media, see [`fmz_proto::is_film_id`]; if absent, it is made from the file's
    /// content, so the same file sent again has the same id. Marks hang on this id.
    pub media: Option<String>,
    /// Name of the reel.
    pub reel: String,
}

impl FilmOptions {
    /// Returns options for a film whose timecode starts at a full hour.
    #[must_use]
    pub fn starting_at_hour(start_hours: u32) -> Self {
        Self {
            start_hours,
            ..Self::default()
        }
    }

    /// Returns the frame number of the first timecode, counted from 00:00:00:00.
    fn start_timecode(&self, rate: FrameRate) -> u32 {
        self.start_hours * 3600 * rate.nominal()
    }
}

/// Reasons for which a file cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// The file cannot be read.
    #[error("read {path}: {error}")]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Reason from the system.
        error: std::io::Error,
    },
    /// The file is no IVF file, or it is cut off.
    #[error("{0} is not a whole IVF file")]
    Malformed(PathBuf),
    /// The pictures are not VP8.
    #[error("{0} is not VP8; make one with: ffmpeg -i INPUT -c:v libvpx -g 24 OUTPUT.ivf")]
    Codec(PathBuf),
    /// The first picture is no keyframe, or the file has no picture.
    #[error("{0} does not start with a keyframe")]
    Keyframe(PathBuf),
    /// The frame rate is out of range.
    #[error("{0} has no usable frame rate")]
    Rate(PathBuf),
}

impl FilmError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "film_read",
            Self::Malformed(_) => "film_malformed",
            Self::Codec(_) => "film_codec",
            Self::Keyframe(_) => "film_keyframe",
            Self::Rate(_) => "film_rate",
        }
    }
}

/// An IVF file that was read through once.
pub(super) struct Film {
    path: PathBuf,
    header: IVFFileHeader,
    rate: FrameRate,
    frames: u32,
    bytes: u64,
    /// Hash of the whole file.
    content: blake3::Hash,
}

impl fmt::Debug for Film {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            header,
            rate,
            frames,
            ..
        } = self;
        let (width, height) = (header.width, header.height);
        write!(formatter, "{width}x{height}, {rate} fps, {frames} frames")
    }
}

impl Film {
    pub(super) async fn open(path: &Path) -> Result<Self, FilmError> {
        let path = path.to_owned();
        blocking(move || Self::scan(path)).await
    }

    fn scan(path: PathBuf) -> Result<Self, FilmError> {
        let mut reel = Reel::open(&path)?;
        let header = reel.header;
        if &header.four_cc != b"VP80" {
            return Err(FilmError::Codec(path));
        }
        let rate = FrameRate::new(header.timebase_denominator, header.timebase_numerator)
            .map_err(|_| FilmError::Rate(path.clone()))?;
        let (mut frames, mut bytes) = (0, 0);
        while let Some(picture) = reel.next()? {
            let starts = [&[DESCRIPTOR], &picture[..]].concat();
            if frames == 0 && !is_keyframe(Codec::Vp8, &starts) {
                return Err(FilmError::Keyframe(path));
            }
            frames += 1;
            bytes += picture.len() as u64;
        }
        if frames == 0 {
            return Err(FilmError::Keyframe(path));
        }
        let content = hash(&path)?;
        Ok(Self {
            path,
            header,
            rate,
            frames,
            bytes,
            content,
        })
    }

    pub(super) fn rate(&self) -> FrameRate {
        self.rate
    }

    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    /// Describes the media. The same file is the same media, wherever it lies and whoever sends it.
    pub(super) fn media(&self, options: &FilmOptions) -> v1::Media {
        let content = &self.content.as_bytes()[..CONTENT_BYTES];
        let hex = content.iter().map(|byte| format!("{byte:02x}"));
        let by_content = || format!("b3-{}", hex.collect::<String>());
        let name = self.path.file_stem().unwrap_or_default();
        v1::Media {
            id: options.media.clone().unwrap_or_else(by_content),
            name: shortened(&name.to_string_lossy()).into(),
            num: self.rate.num(),
            den: self.rate.den(),
            start_timecode: options.start_timecode(self.rate),
            drop_frame: false,
            frames: self.frames,
            reel: options.reel.clone(),
        }
    }

    /// Describes the publication for others.
    pub(super) fn describe(&self) -> v1::Publish {
        let (num, den) = (u64::from(self.rate.num()), u64::from(self.rate.den()));
        let bits_a_second = self.bytes * 8 * num / (den * u64::from(self.frames));
        v1::Publish {
            kind: v1::MediaKind::Video.into(),
            source: v1::Source::Program.into(),
            width: self.header.width.into(),
            height: self.header.height.into(),
            bitrate_kbps: u32::try_from(bits_a_second / 1000).unwrap_or(u32::MAX),
            ..Default::default()
        }
    }

    /// Returns the pictures in an endless loop. A thread reads them and ends when the result is
    /// dropped.
    pub(super) fn pictures(self) -> Pictures {
        let (sender, receiver) = mpsc::channel(PICTURES_AHEAD);
        tokio::task::spawn_blocking(move || self.play(&sender));
        Pictures { receiver }
    }

    fn play(&self, sender: &mpsc::Sender<Result<Bytes, FilmError>>) {
        loop {
            if let Err(error) = self.play_once(sender) {
                let _ = sender.blocking_send(Err(error));
                return;
            }
            if sender.is_closed() {
                return;
            }
        }
    }

    fn play_once(&self, sender: &mpsc::Sender<Result<Bytes, FilmError>>) -> Result<(), FilmError> {
        let mut reel = Reel::open(&self.path)?;
        for _ in 0..self.frames {
            let picture = reel.next()?;
            let picture = picture.ok_or_else(|| FilmError::Malformed(self.path.clone()))?;
            if sender.blocking_send(Ok(picture)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Pictures of a film, in an endless loop.
pub(super) struct Pictures {
    receiver: mpsc::Receiver<Result<Bytes, FilmError>>,
}

impl Pictures {
    pub(super) async fn next(&mut self) -> Result<Bytes, FilmError> {
        let picture = self.receiver.recv().await;
        picture.expect("the reading thread ends by an error or after this")
    }
}

/// One pass through the file.
struct Reel {
    path: PathBuf,
    reader: IVFReader<BufReader<File>>,
    header: IVFFileHeader,
}

impl Reel {
    fn open(path: &Path) -> Result<Self, FilmError> {
        let path = path.to_owned();
        let file = File::open(&path).map_err(|error| FilmError::Read {
            path: path.clone(),
            error,
        })?;
        let (reader, header) =
            IVFReader::new(BufReader::new(file)).map_err(|_| FilmError::Malformed(path.clone()))?;
        Ok(Self {
            path,
            reader,
            header,
        })
    }

    /// Reads the next picture; `None` at the end. If the file is cut off inside a picture, it ends
    /// before that picture.
    fn next(&mut self) -> Result<Option<Bytes>, FilmError> {
        match self.reader.parse_next_frame() {
            Ok((picture, _)) => Ok(Some(picture.freeze())),
            Err(Error::Io(error)) if error.0.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(_) => Err(FilmError::Malformed(self.path.clone())),
        }
    }
}

fn hash(path: &Path) -> Result<blake3::Hash, FilmError> {
    let mut hasher = blake3::Hasher::new();
    let read = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
    read.map_err(|error| FilmError::Read {
        path: path.to_owned(),
        error,
    })?;
    Ok(hasher.finalize())
}

/// Cuts a name to the length that a media's name may have. Replacing invalid UTF-8 can make a
/// file's name longer than it was.
fn shortened(name: &str) -> &str {
    let end = name.floor_char_boundary(MEDIA_NAME_BYTES_MAX);
    &name[..end]
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .expect("reading a film does not panic")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Writes a film of one picture, which begins as a VP8 keyframe does.
    fn write(path: &Path, picture: &[u8]) {
        let mut file = b"DKIF\0\0\x20\0VP80\x10\0\x10\0".to_vec();
        for number in [24_u32, 1, 1, 0] {
            file.extend(number.to_le_bytes());
        }
        file.extend((picture.len() as u32).to_le_bytes());
        file.extend(0_u64.to_le_bytes());
        file.extend(picture);
        std::fs::write(path, file).unwrap();
    }

    #[test]
    fn media21_a_film_is_its_content_unless_an_id_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let describe = |name: &str, picture: &[u8], options: &FilmOptions| {
            let path = folder.path().join(name);
            write(&path, picture);
            Film::scan(path).unwrap().media(options)
        };
        let options = FilmOptions::starting_at_hour(1);
        let first = describe("first.ivf", &[0; 10], &options);
        let (rate, length) = ((first.num, first.den), first.frames);
        assert_eq!((rate, length, first.start_timecode), ((24, 1), 1, 86_400));
        assert_eq!(first.name, "first");
        let copied = describe("copied.ivf", &[0; 10], &options);
        assert_eq!(copied.id, first.id, "it lies elsewhere");
        assert_ne!(describe("other.ivf", &[0; 11], &options).id, first.id);
        let named = FilmOptions {
            media: Some("reel-7".into()),
            ..options
        };
        assert_eq!(describe("first.ivf", &[0; 10], &named).id, "reel-7");
        assert_eq!(first.id.len(), "b3-".len() + 2 * CONTENT_BYTES);
        assert!(fmz_proto::is_film_id(&first.id), "{}", first.id);
    }
}
