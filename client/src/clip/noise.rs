//! Repeatable noise for painting.

/// Returns a number in 0.0..1.0 for a point of an integer grid; the same point and seed always give
/// the same number.
pub(super) fn hash(x: i64, y: i64, seed: u64) -> f64 {
    let mut bits = x.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ y.cast_unsigned().wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ seed.wrapping_mul(0x1656_67b1_9e37_79f9);
    bits = (bits ^ (bits >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    bits = (bits ^ (bits >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((bits ^ (bits >> 32)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns smooth noise in 0.0..1.0, about one hill for each unit of length.
pub(super) fn smooth(x: f64, y: f64, seed: u64) -> f64 {
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - cell_x), ease(y - cell_y));
    let corner = |dx: i64, dy: i64| hash(cell_x as i64 + dx, cell_y as i64 + dy, seed);
    let top = corner(0, 0) * (1.0 - u) + corner(1, 0) * u;
    let bottom = corner(0, 1) * (1.0 - u) + corner(1, 1) * u;
    top * (1.0 - v) + bottom * v
}

/// Returns noise with detail, in 0.0..1.0: octaves of [`smooth`], each half as strong and twice as
/// fine as the one before.
pub(super) fn rough(x: f64, y: f64, octaves: u32, seed: u64) -> f64 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 0.5, 0.0, 1.0);
    for octave in 0..octaves {
        sum += weight * smooth(x * scale, y * scale, seed + u64::from(octave));
        total += weight;
        weight *= 0.5;
        scale *= 2.0;
    }
    sum / total
}
