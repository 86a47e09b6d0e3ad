//! Cutting a cell out of its field.
//!
//! A crop of `size` pixels around a centre starts at `floor(centre + 1/2) - floor(size / 2)`: a crop of 100 around row 50
//! is rows 0 to 99.

use ndarray::{Array3, s};

/// What happens to cells whose crop would leave the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EdgeRule {
    /// They are left out, as the loaders of the Funk 2022 screen do.
    Drop,
    /// What lies outside has this value.
    Pad(f32),
    /// What lies outside repeats the rim.
    Repeat,
}

/// The first row or column of a crop.
pub(super) fn start(centre: f64, size: usize) -> i64 {
    ((centre + 0.5).floor() as i64).saturating_sub((size / 2) as i64)
}

/// Whether a crop lies within a field of `length` pixels.
pub(super) fn fits(start: i64, size: usize, length: usize) -> bool {
    start >= 0 && start.checked_add(size as i64).is_some_and(|end| end <= length as i64)
}

/// Copies the crop of `height x width` pixels from `(top, left)` on into `out`, `channels x height x width`.
pub(super) fn cut(
    field: &Array3<f32>,
    (top, left): (i64, i64),
    (height, width): (usize, usize),
    edge: EdgeRule,
    out: &mut [f32],
) {
    let (_, rows, columns) = field.dim();
    let whole = fits(top, height, rows) && fits(left, width, columns);
    for (plane, out) in field.outer_iter().zip(out.chunks_exact_mut(height * width)) {
        for (y, out) in (0i64..).zip(out.chunks_exact_mut(width)) {
            let row = top.saturating_add(y);
            if whole {
                let part = plane.slice(s![row as usize, left as usize..left as usize + width]);
                out.iter_mut().zip(part).for_each(|(out, &value)| *out = value);
                continue;
            }
            for (x, out) in (0i64..).zip(out) {
                let column = left.saturating_add(x);
                let inside = (0..rows as i64).contains(&row) && (0..columns as i64).contains(&column);
                *out = match edge {
                    EdgeRule::Pad(value) if !inside => value,
                    _ => plane[[row.clamp(0, rows as i64 - 1) as usize, column.clamp(0, columns as i64 - 1) as usize]],
                };
            }
        }
    }
}
