use super::noise::hash;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Red, green, blue, each 0.0..=1.0 as displayed (not linear).
pub(super) type Color = [f64; 3];

/// Reads a colour from `0xrrggbb`.
pub(super) const fn rgb(code: u32) -> Color {
    let [_, red, green, blue] = code.to_be_bytes();
    [
        red as f64 / 255.0,
        green as f64 / 255.0,
        blue as f64 / 255.0,
    ]
}

pub(super) fn mix(from: Color, to: Color, share: f64) -> Color {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|index| from[index] + (to[index] - from[index]) * share)
}

pub(super) fn brighten(color: Color, by: f64) -> Color {
    color.map(|part| part + by)
}

/// Returns 0 below `from`, 1 above `to`, and a smooth rise between them.
pub(super) fn ramp(value: f64, from: f64, to: f64) -> f64 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A still picture with transparency: one layer of the scene.
pub(super) struct Plate {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Plate {
    /// Paints every pixel. `pixel` gives its colour and its coverage (0.0..=1.0).
    ///
    /// Half a step of noise keeps slow gradients from showing bands in 8 bits.
    pub(super) fn paint(
        width: u32,
        height: u32,
        pixel: impl Fn(f64, f64) -> (Color, f64) + Sync,
    ) -> Self {
        let row_bytes = (width * 4) as usize;
        let mut rgba = vec![0; row_bytes * height as usize];
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let rows_each = (height as usize).div_ceil(workers).max(1);
        std::thread::scope(|scope| {
            for (part, rows) in rgba.chunks_mut(row_bytes * rows_each).enumerate() {
                let pixel = &pixel;
                scope.spawn(move || {
                    for (index, row) in rows.chunks_exact_mut(row_bytes).enumerate() {
                        paint_row(row, part * rows_each + index, pixel);
                    }
                });
            }
        });
        Self {
            width,
            height,
            rgba,
        }
    }

    /// Writes a PAM file, a format with transparency that ffmpeg reads.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        let (width, height) = (self.width, self.height);
        write!(
            file,
            "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
        )?;
        file.write_all(&self.rgba)?;
        file.flush()
    }
}

fn paint_row(row: &mut [u8], y: usize, pixel: &impl Fn(f64, f64) -> (Color, f64)) {
    let (pixels, _) = row.as_chunks_mut::<4>();
    for (x, rgba) in pixels.iter_mut().enumerate() {
        let (color, cover) = pixel(x as f64 + 0.5, y as f64 + 0.5);
        let dither = hash(x as i64, y as i64, 1) + hash(x as i64, y as i64, 2) - 1.0;
        let byte = |value: f64| (value + 0.5).clamp(0.0, 255.0) as u8;
        let [red, green, blue] = color.map(|part| byte(part * 255.0 + dither));
        *rgba = [red, green, blue, byte(cover * 255.0)];
    }
}
