use super::frames::Frame;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use fmz_media::framecode::{CodeError, read_luma};
use rtc::media::io::Writer;
use rtc::media::io::ivf_reader::{IVF_FILE_HEADER_SIGNATURE, IVF_FILE_HEADER_SIZE, IVFFileHeader};
use rtc::media::io::ivf_writer::IVFWriter;
use rtc::rtp;
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

/// Descriptor of a packet that holds a whole VP8 frame (RFC 7741 section 4.2).
const DESCRIPTOR: u8 = 0x10;

/// Decodes frames, of which the first is a keyframe, and reads the number painted into each
/// picture.
pub(super) fn numbers(frames: &[Frame]) -> Result<Vec<Result<u32, CodeError>>> {
    let first = frames.first().and_then(Frame::size);
    let (width, height) = first.context("the frames do not begin with a keyframe")?;
    let mut film = tempfile::NamedTempFile::with_suffix(".ivf")?;
    write_ivf(&mut film, (width, height), frames)?;
    let luma = decode(film.path())?;
    let picture = usize::from(width) * usize::from(height);
    let pictures = luma.chunks_exact(picture);
    ensure!(
        pictures.len() == frames.len() && pictures.remainder().is_empty(),
        "{} frames of {width}x{height} were decoded to {} bytes",
        frames.len(),
        luma.len()
    );
    Ok(pictures
        .map(|picture| read_luma(picture, width.into()))
        .collect())
}

fn write_ivf(file: impl Write + Seek, size: (u16, u16), frames: &[Frame]) -> Result<()> {
    let header = IVFFileHeader {
        signature: IVF_FILE_HEADER_SIGNATURE.try_into()?,
        header_size: IVF_FILE_HEADER_SIZE.try_into()?,
        four_cc: *b"VP80",
        width: size.0,
        height: size.1,
        timebase_denominator: 24,
        timebase_numerator: 1,
        ..Default::default()
    };
    let mut writer = IVFWriter::new(file, &header)?;
    for frame in frames {
        writer.write_rtp(&packet(frame))?;
    }
    Ok(writer.close()?)
}

/// Wraps a frame in one packet, because the writer takes only packets.
fn packet(frame: &Frame) -> rtp::Packet {
    rtp::Packet {
        header: rtp::Header {
            marker: true,
            ..Default::default()
        },
        payload: Bytes::from([&[DESCRIPTOR], &frame.data[..]].concat()),
    }
}

/// Returns every picture's luma, one after another; an error if a frame is damaged.
fn decode(film: &Path) -> Result<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-xerror"]);
    command
        .arg("-i")
        .arg(film)
        .args(["-fps_mode", "passthrough"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]);
    let output = command.output().context("start ffmpeg")?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("ffmpeg: {}: {}", output.status, complaint.trim());
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_client::clip::{ClipSpec, make_clip};
    use rtc::media::io::ivf_reader::IVFReader;
    use std::fs::File;
    use std::io::BufReader;

    fn film() -> Vec<Frame> {
        let folder = tempfile::tempdir().unwrap();
        let spec = ClipSpec {
            width: 640,
            height: 360,
            frames: 30,
            bitrate_kbps: 1000,
            ..ClipSpec::default()
        };
        let path = make_clip(folder.path(), &spec, &mut |_| {}).unwrap();
        let (mut reader, _) = IVFReader::new(BufReader::new(File::open(path).unwrap())).unwrap();
        std::iter::from_fn(|| reader.parse_next_frame().ok())
            .map(|(data, _)| Frame {
                timestamp: 0,
                data: data.freeze(),
            })
            .collect()
    }

    #[test]
    fn numbers_of_a_film_are_read_and_a_missing_frame_is_seen() {
        let mut frames = film();
        let expected = (0..30).map(Ok).collect::<Vec<_>>();
        assert_eq!(numbers(&frames).unwrap(), expected);
        assert!(numbers(&frames[1..]).is_err());
        frames.remove(7);
        assert_ne!(numbers(&frames).unwrap()[..], expected[..29]);
    }
}
