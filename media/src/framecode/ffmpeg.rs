use super::{
    CELLS_A_WIDTH, CHECK_BITS, COLUMNS, FIRST_BIT, MARGIN, NUMBER_BITS, ROWS, check_of, is_white,
};
use std::fmt::Write;

/// Returns filters for ffmpeg that paint the strip into pictures `width` pixels wide, numbered from
/// 0 as the filter sees them.
///
/// They draw one black box, then a white one for each cell that is ever white, shown by an
/// expression on the picture's number.
#[must_use]
pub fn drawbox_filters(width: u32) -> String {
    let mut filters = boxed(width, 0, 0, COLUMNS, ROWS, "black");
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            let marker = !(FIRST_BIT..COLUMNS - 2).contains(&column);
            if marker && !is_white(0, column, row) {
                continue;
            }
            filters.push(',');
            filters += &boxed(width, column, row, 1, 1, "white");
            if !marker {
                let value = u32::from(row == 0);
                let parity = parity_of(column - FIRST_BIT);
                write!(filters, ":enable='eq({parity},{value})'").expect("strings take all");
            }
        }
    }
    filters
}

fn boxed(width: u32, column: u32, row: u32, columns: u32, rows: u32, color: &str) -> String {
    let edge = |cell: u32| (MARGIN + cell) * width / CELLS_A_WIDTH;
    let (x, y) = (edge(column), edge(row));
    let (w, h) = (edge(column + columns) - x, edge(row + rows) - y);
    format!("drawbox=x={x}:y={y}:w={w}:h={h}:color={color}:t=fill")
}

/// Returns an expression for the strip's bit `index` (from the left) of picture number n.
///
/// A CRC is affine over single bits: each of its bits is the parity of some of the number's bits
/// and a constant.
fn parity_of(index: u32) -> String {
    if index < NUMBER_BITS {
        return bit_of(NUMBER_BITS - 1 - index);
    }
    let check_bit = NUMBER_BITS + CHECK_BITS - 1 - index;
    let bit = |number: u32| check_of(number) >> check_bit & 1;
    let terms: Vec<String> = (0..NUMBER_BITS)
        .filter(|&place| bit(1 << place) != bit(0))
        .map(bit_of)
        .collect();
    format!("mod({}+{},2)", bit(0), terms.join("+"))
}

fn bit_of(place: u32) -> String {
    format!("mod(floor(n/{}),2)", 1u32 << place)
}

#[cfg(test)]
mod tests {
    use super::super::word_of;
    use super::*;

    /// Evaluates the expressions above, which are sums of bits of n, modulo 2.
    fn evaluate(expression: &str, n: u32) -> u32 {
        let inner = expression
            .strip_prefix("mod(")
            .filter(|_| expression.starts_with("mod(0+") || expression.starts_with("mod(1+"))
            .and_then(|rest| rest.strip_suffix(",2)"))
            .unwrap_or(expression);
        let term = |term: &str| match term.strip_prefix("mod(floor(n/") {
            Some(rest) => n / rest.strip_suffix("),2)").unwrap().parse::<u32>().unwrap() % 2,
            None => term.parse().unwrap(),
        };
        inner.split('+').map(term).sum::<u32>() % 2
    }

    #[test]
    fn code3_expressions_give_the_strip() {
        for number in [0, 1, 2, 239, 240, 4095, 65_537, 1_048_575] {
            for index in 0..NUMBER_BITS + CHECK_BITS {
                let bit = word_of(number) >> (NUMBER_BITS + CHECK_BITS - 1 - index) & 1;
                assert_eq!(evaluate(&parity_of(index), number), bit, "{number} {index}");
            }
        }
    }

    #[test]
    fn code2_cells_lie_side_by_side() {
        let filters = drawbox_filters(3840);
        assert!(filters.starts_with("drawbox=x=48:y=48:w=768:h=48:color=black:t=fill,"));
        assert!(filters.ends_with("drawbox=x=792:y=72:w=24:h=24:color=white:t=fill"));
        assert_eq!(filters.matches("drawbox").count(), 1 + 4 + 2 * 28);
    }
}
