//! The demonstration film: the file's contents, and the number coded in each picture.

use fmz_client::clip::{ClipError, ClipSpec, make_clip};
use fmz_media::framecode::{read_luma, read_rgba};
use rtc::media::io::ivf_reader::IVFReader;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

pub(crate) const FRAMES: u32 = 48;

/// Returns a small film of two seconds, made once for all tests.
pub(crate) fn film() -> &'static Path {
    static FILM: OnceLock<(TempDir, std::path::PathBuf)> = OnceLock::new();
    let (_, film) = FILM.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let film = make_clip(folder.path(), &spec(), &mut |_| {}).unwrap();
        (folder, film)
    });
    film
}

fn spec() -> ClipSpec {
    ClipSpec {
        width: 640,
        height: 360,
        frames: FRAMES,
        bitrate_kbps: 2000,
        ..ClipSpec::default()
    }
}

fn decoded(film: &Path, width: u32, height: u32, format: &str) -> Vec<u8> {
    let scale = format!("scale={width}:{height}");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(film)
        .args(["-vf", &scale, "-f", "rawvideo", "-pix_fmt", format, "-"])
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn code5_every_picture_carries_its_number_at_any_size() {
    for (width, height) in [(640, 360), (320, 180), (512, 288)] {
        let pixels = (width * height) as usize;
        let grey = decoded(film(), width, height, "gray");
        let numbers = grey
            .chunks_exact(pixels)
            .map(|picture| read_luma(picture, width));
        assert_eq!(
            numbers.collect::<Result<Vec<_>, _>>(),
            Ok((0..FRAMES).collect())
        );
        let rgba = decoded(film(), width, height, "rgba");
        let numbers = rgba
            .chunks_exact(4 * pixels)
            .map(|picture| read_rgba(picture, width));
        assert_eq!(
            numbers.collect::<Result<Vec<_>, _>>(),
            Ok((0..FRAMES).collect())
        );
    }
}

#[test]
fn keyframes_come_once_a_second_and_no_picture_is_hidden() {
    let (mut reader, header) = IVFReader::new(std::fs::File::open(film()).unwrap()).unwrap();
    assert_eq!((header.width, header.height), (640, 360));
    assert_eq!(
        (header.timebase_denominator, header.timebase_numerator),
        (24, 1)
    );
    let mut keyframes = Vec::new();
    let mut count = 0;
    while let Ok((picture, _)) = reader.parse_next_frame() {
        // RFC 6386 section 9.1: a keyframe has bit 0 clear, and a picture that is shown has bit 4
        // set.
        if picture[0] & 1 == 0 {
            keyframes.push(count);
        }
        assert_ne!(picture[0] & 0x10, 0, "picture {count} is shown");
        count += 1;
    }
    assert_eq!((count, keyframes), (FRAMES, vec![0, 24]));
}

#[test]
fn a_film_is_made_once_and_progress_is_told() {
    let folder = TempDir::new().unwrap();
    let spec = ClipSpec {
        width: 320,
        height: 180,
        frames: 5,
        ..spec()
    };
    let mut shares = Vec::new();
    let film = make_clip(folder.path(), &spec, &mut |share| shares.push(share)).unwrap();
    assert!(shares.is_sorted() && shares.last() == Some(&1.0));
    let made = std::fs::metadata(&film).unwrap().modified().unwrap();
    assert_eq!(make_clip(folder.path(), &spec, &mut |_| {}).unwrap(), film);
    assert_eq!(std::fs::metadata(&film).unwrap().modified().unwrap(), made);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
}

#[test]
fn impossible_films_are_refused() {
    let folder = TempDir::new().unwrap();
    for spec in [
        ClipSpec {
            width: 100,
            ..spec()
        },
        ClipSpec {
            height: 361,
            ..spec()
        },
        ClipSpec {
            frames: 0,
            ..spec()
        },
        ClipSpec {
            bitrate_kbps: 0,
            ..spec()
        },
    ] {
        let refused = make_clip(folder.path(), &spec, &mut |_| {});
        assert!(matches!(refused, Err(ClipError::Spec)));
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = make_clip(&file, &spec(), &mut |_| {}).map_err(|error| error.code());
    assert_eq!(refused, Err("clip_write"));
}
