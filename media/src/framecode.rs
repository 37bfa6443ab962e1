//! The frame number painted into a picture, so that a test can tell which picture it sees.
//!
//! A strip of 32 x 2 cells near the top left corner. A cell is 1/160 of the picture's width, so the
//! strip is found at any scaling. The format is in `docs/SPEC-frames.md` (rules code1 to code5).
//!
//! ```text
//! column   0  1  2 ............ 21  22 ...... 29  30 31
//! row 0    #  .  b19 ........... b0  c7 ..... c0   .  #      # white, . black
//! row 1    #  .  the inverse of the row above      .  #
//! ```

mod ffmpeg;
mod read;

pub use ffmpeg::drawbox_filters;
pub use read::{CodeError, read_luma, read_rgba};

/// Cells in a picture's width.
const CELLS_A_WIDTH: u32 = 160;
/// Cells from the picture's left and top edge to the strip.
const MARGIN: u32 = 2;
/// Columns of the strip.
const COLUMNS: u32 = 32;
/// Rows of the strip.
const ROWS: u32 = 2;
/// Column of the first data bit, after the start marker.
const FIRST_BIT: u32 = 2;
/// Bits of frame number.
const NUMBER_BITS: u32 = 20;
/// Bits of check.
const CHECK_BITS: u32 = 8;
/// One more than the highest number a strip can carry.
pub const NUMBERS: u32 = 1 << NUMBER_BITS;
/// Narrowest picture, pixels, in which a strip can be read: a cell is two pixels wide.
pub const WIDTH_MIN: u32 = 320;

/// Returns the CRC-8, polynomial 0x07, start 0xff, over the number as three bytes, highest first
/// (code3).
fn check_of(number: u32) -> u8 {
    number.to_be_bytes()[1..].iter().fold(0xff, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| {
            (crc << 1) ^ if crc & 0x80 != 0 { 0x07 } else { 0 }
        })
    })
}

/// Returns the 28 bits of the strip, the leftmost highest.
fn word_of(number: u32) -> u32 {
    (number << CHECK_BITS) | u32::from(check_of(number))
}

/// Returns whether a cell is white in the strip of a number.
fn is_white(number: u32, column: u32, row: u32) -> bool {
    let last_bit = FIRST_BIT + NUMBER_BITS + CHECK_BITS - 1;
    if column < FIRST_BIT || column > last_bit {
        return column == 0 || column == COLUMNS - 1;
    }
    let bit = word_of(number) >> (last_bit - column) & 1 == 1;
    bit == (row == 0)
}

/// Paints the strip of `number % NUMBERS` into a plane of luma, row by row, `width` bytes a row.
pub fn paint_luma(luma: &mut [u8], width: u32, number: u32) {
    const BLACK: u8 = 16;
    const WHITE: u8 = 235;
    let edge = |cell: u32| (cell * width / CELLS_A_WIDTH) as usize;
    for (y, line) in luma.chunks_exact_mut(width as usize).enumerate() {
        for row in 0..ROWS {
            if !(edge(MARGIN + row)..edge(MARGIN + row + 1)).contains(&y) {
                continue;
            }
            for column in 0..COLUMNS {
                let cell = edge(MARGIN + column)..edge(MARGIN + column + 1);
                let white = is_white(number % NUMBERS, column, row);
                line[cell].fill(if white { WHITE } else { BLACK });
            }
        }
    }
}
