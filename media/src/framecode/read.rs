use super::{
    CELLS_A_WIDTH, CHECK_BITS, COLUMNS, FIRST_BIT, MARGIN, NUMBER_BITS, WIDTH_MIN, check_of,
};

/// Least difference of luma between white and black, of 255 (code4).
const CONTRAST_MIN: i32 = 64;

/// The reason why no number can be read from a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The picture is narrower than [`WIDTH_MIN`], or has fewer bytes than the strip needs.
    #[error("picture is too small for a frame code: it must be at least 320 pixels wide")]
    TooSmall,
    /// The markers at both ends were not found.
    #[error("there is no frame code in the picture")]
    NoMarkers,
    /// A cell and its inverse look alike.
    #[error("a bit of the frame code is blurred")]
    Blurred,
    /// The check bits do not fit the number.
    #[error("the check of the frame code does not fit its number")]
    Check,
}

impl CodeError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooSmall => "code_too_small",
            Self::NoMarkers => "code_no_markers",
            Self::Blurred => "code_blurred",
            Self::Check => "code_check",
        }
    }
}

/// Reads the frame number from a plane of luma, `width` bytes a row.
///
/// # Errors
/// [`CodeError`] if no number can be read for certain.
pub fn read_luma(luma: &[u8], width: u32) -> Result<u32, CodeError> {
    read(width, |x, y| luma.get(y * width as usize + x).copied())
}

/// Reads the frame number from RGBA pixels as a canvas gives them, `4 * width` bytes a row.
///
/// # Errors
/// [`CodeError`] if no number can be read for certain.
pub fn read_rgba(rgba: &[u8], width: u32) -> Result<u32, CodeError> {
    // The strip is grey: green alone is its luma.
    read(width, |x, y| {
        rgba.get(4 * (y * width as usize + x) + 1).copied()
    })
}

fn read(width: u32, pixel: impl Fn(usize, usize) -> Option<u8>) -> Result<u32, CodeError> {
    if width < WIDTH_MIN {
        return Err(CodeError::TooSmall);
    }
    let cell = |column, row| cell_mean(width, column, row, &pixel).ok_or(CodeError::TooSmall);
    check_markers(&cell)?;
    let mut word = 0;
    for column in FIRST_BIT..FIRST_BIT + NUMBER_BITS + CHECK_BITS {
        // Each bit is painted with its inverse below it. The sign of the difference is the bit, at
        // any brightness of the picture.
        let difference = cell(column, 0)? - cell(column, 1)?;
        if difference.abs() < CONTRAST_MIN {
            return Err(CodeError::Blurred);
        }
        word = word << 1 | u32::from(difference > 0);
    }
    let number = word >> CHECK_BITS;
    let fits = u32::from(check_of(number)) == word & 0xff;
    fits.then_some(number).ok_or(CodeError::Check)
}

/// Checks the markers: white, black at the left, black, white at the right, the same in both rows.
fn check_markers(cell: &impl Fn(u32, u32) -> Result<i32, CodeError>) -> Result<(), CodeError> {
    for row in 0..2 {
        for (white, black) in [(0, 1), (COLUMNS - 1, COLUMNS - 2)] {
            if cell(white, row)? - cell(black, row)? < CONTRAST_MIN {
                return Err(CodeError::NoMarkers);
            }
        }
    }
    Ok(())
}

/// Returns the mean of the middle half of a cell both ways, at least one pixel.
fn cell_mean(
    width: u32,
    column: u32,
    row: u32,
    pixel: &impl Fn(usize, usize) -> Option<u8>,
) -> Option<i32> {
    let middle = |cell: u32| {
        let at = |quarters: u32| (quarters * width / (4 * CELLS_A_WIDTH)) as usize;
        // The middle half of a cell, because scaling blurs its edges.
        let from = at(4 * (MARGIN + cell) + 1);
        from..at(4 * (MARGIN + cell) + 3).max(from + 1)
    };
    let (mut sum, mut count) = (0, 0);
    for y in middle(row) {
        for x in middle(column) {
            sum += i32::from(pixel(x, y)?);
            count += 1;
        }
    }
    Some(sum / count)
}

#[cfg(test)]
mod tests {
    use super::super::{NUMBERS, paint_luma};
    use super::*;
    use proptest::prelude::*;

    fn picture(width: u32, number: u32) -> Vec<u8> {
        let mut luma = vec![90; (width * width / 32) as usize];
        paint_luma(&mut luma, width, number);
        luma
    }

    /// Takes every second pixel, as the coarsest scaling does.
    fn halved(luma: &[u8], width: u32) -> Vec<u8> {
        let rows = luma.chunks_exact(width as usize).step_by(2);
        rows.flat_map(|row| row.iter().step_by(2).copied())
            .collect()
    }

    #[test]
    fn code3_check_of_known_numbers() {
        assert_eq!([0, 1, 239].map(check_of), [43, 44, 168]);
    }

    #[test]
    fn code4_damage_is_noticed() {
        let width = 640;
        let whole = picture(width, 77);
        assert_eq!(read_luma(&whole, width), Ok(77));
        let code = |luma: &[u8]| read_luma(luma, width).map_err(|e| e.code());
        assert_eq!(code(&whole[..3000]), Err("code_too_small"));
        assert_eq!(read_luma(&whole, 160), Err(CodeError::TooSmall));
        assert_eq!(code(&vec![128; whole.len()]), Err("code_no_markers"));
        let pale: Vec<u8> = whole.iter().map(|luma| 100 + luma / 8).collect();
        assert_eq!(code(&pale), Err("code_no_markers"));
        let swapped = |column: u32, to: [u8; 2]| {
            let mut luma = whole.clone();
            for (y, row) in luma.chunks_exact_mut(width as usize).enumerate() {
                let x = (4 * (MARGIN + column)) as usize;
                row[x..x + 4].fill(to[usize::from(y >= 12)]);
            }
            luma
        };
        assert_eq!(code(&swapped(5, [120, 120])), Err("code_blurred"));
        assert_eq!(code(&swapped(5, [235, 16])), Err("code_check"));
    }

    proptest! {
        #[test]
        fn code1_read_as_painted_at_any_width(number in 0..NUMBERS, width in WIDTH_MIN..4096) {
            prop_assert_eq!(read_luma(&picture(width, number), width), Ok(number));
        }

        #[test]
        fn code5_read_after_scaling(number in 0..NUMBERS, cells in 4u32..25) {
            let width = 160 * cells;
            let small = halved(&picture(width, number), width);
            prop_assert_eq!(read_luma(&small, width / 2), Ok(number));
            let rgba: Vec<u8> = small.iter().flat_map(|&luma| [luma, luma, luma, 255]).collect();
            prop_assert_eq!(read_rgba(&rgba, width / 2), Ok(number));
        }

        #[test]
        fn code4_any_bytes_give_a_number_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..4096), width: u16) {
            let _ = read_luma(&bytes, u32::from(width));
            let _ = read_rgba(&bytes, u32::from(width));
        }
    }
}
