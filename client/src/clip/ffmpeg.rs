use super::{ClipError, ClipSpec};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Paths at which distributions keep the font, Debian's first.
const FONTS: [&str; 4] = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "/usr/share/fonts/TTF/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu/DejaVuSansMono.ttf",
];
/// Bytes of ffmpeg's error output that are passed on.
const COMPLAINT_BYTES: u64 = 2000;

pub(super) fn font() -> Result<PathBuf, ClipError> {
    let mut known = FONTS.iter().map(PathBuf::from);
    known.find(|path| path.exists()).ok_or(ClipError::NoFont)
}

/// Checks that ffmpeg can be started.
pub(super) fn check() -> Result<(), ClipError> {
    let mut command = Command::new("ffmpeg");
    command.arg("-version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map_err(start_error).map(drop)
}

fn start_error(error: std::io::Error) -> ClipError {
    match error.kind() {
        ErrorKind::NotFound => ClipError::NoFfmpeg,
        _ => ClipError::Ffmpeg(error.to_string()),
    }
}

pub(super) fn encode(
    spec: &ClipSpec,
    inputs: &[PathBuf],
    graph: &str,
    film: &Path,
    progress: &mut dyn FnMut(f64),
) -> Result<(), ClipError> {
    let mut child = command(spec, inputs, graph, film)
        .spawn()
        .map_err(start_error)?;
    follow(&mut child, spec.frames, progress);
    let mut complaint = String::new();
    if let Some(errors) = child.stderr.take() {
        let _ = errors.take(COMPLAINT_BYTES).read_to_string(&mut complaint);
    }
    let status = child.wait().map_err(start_error)?;
    if status.success() {
        progress(1.0);
        return Ok(());
    }
    Err(ClipError::Ffmpeg(format!("{status}: {}", complaint.trim())))
}

fn command(spec: &ClipSpec, inputs: &[PathBuf], graph: &str, film: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-y", "-loglevel", "error"]);
    command.args(["-progress", "pipe:1"]);
    let rate = spec.rate.to_string();
    for input in inputs {
        command.args(["-framerate", &rate]).arg("-i").arg(input);
    }
    command.args(["-filter_complex", graph, "-map", "[picture]"]);
    command.args(["-frames:v", &spec.frames.to_string()]);
    command.args(encoder(spec)).arg(film);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns the arguments that encode VP8 as a live stream has it: constant bit rate, one keyframe a
/// second and none between, and no hidden pictures, so that one picture in the file is one picture
/// on the screen.
fn encoder(spec: &ClipSpec) -> Vec<String> {
    let (rate, bits) = (spec.rate, format!("{}k", spec.bitrate_kbps));
    format!(
        "-c:v libvpx -pix_fmt yuv420p -b:v {bits} -minrate {bits} -maxrate {bits} -bufsize {bits} \
         -g {rate} -keyint_min {rate} -auto-alt-ref 0 -lag-in-frames 0 -drop-threshold 0 \
         -deadline realtime -cpu-used 8 -threads 4 -slices 4 -qmin 2 -qmax 56"
    )
    .split_whitespace()
    .map(str::to_owned)
    .collect()
}

/// Reads `frame=N` lines and reports progress until ffmpeg closes its output.
fn follow(child: &mut Child, frames: u32, progress: &mut dyn FnMut(f64)) {
    let Some(output) = child.stdout.take() else {
        return;
    };
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let frame = line.strip_prefix("frame=").map(str::trim);
        if let Some(done) = frame.and_then(|frame| frame.parse::<u32>().ok()) {
            progress(f64::from(done.min(frames)) / f64::from(frames));
        }
    }
}
