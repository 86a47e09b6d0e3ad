//! How two channels go together within an object (CellProfiler's `Correlation`).
//!
//! ```text
//! Correlation   of Pearson
//! Slope         of the least-squares line of b over a
//! Overlap       sum ab / sqrt(sum a^2 sum b^2)
//! K a_b         sum ab / sum a^2,   K b_a  sum ab / sum b^2     (Manders et al. 1993)
//! ```
//!
//! Where a sum to divide by is 0, as of a constant channel, the number is 0.

use ndarray::{Array2, ArrayView2};

/// `Correlation`, `Slope`, `Overlap`, `K` of a over b and of b over a.
///
/// ```
/// use ndarray::array;
/// use perturbook::methods::engineered::channel_correlation;
///
/// let (a, b) = (array![[1.0f32, 2.0, 3.0]], array![[2.0f32, 4.0, 6.0]]);
/// let together = channel_correlation(a.view(), b.view(), &array![[true, true, true]]);
/// for (got, want) in together.iter().zip([1.0, 2.0, 1.0, 2.0, 0.5]) {
///     assert!((got - want).abs() < 1e-12);
/// }
/// ```
pub fn channel_correlation(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, object: &Array2<bool>) -> [f64; 5] {
    let pixels: Vec<(f64, f64)> = object
        .indexed_iter()
        .filter(|(_, inside)| **inside)
        .map(|(at, _)| (f64::from(a[at]), f64::from(b[at])))
        .collect();
    let n = pixels.len().max(1) as f64;
    let sum = |of: &dyn Fn(f64, f64) -> f64| pixels.iter().map(|&(a, b)| of(a, b)).sum::<f64>();
    let (mean_a, mean_b) = (sum(&|a, _| a) / n, sum(&|_, b| b) / n);
    let (aa, bb, ab) = (
        sum(&|a, _| (a - mean_a).powi(2)),
        sum(&|_, b| (b - mean_b).powi(2)),
        sum(&|a, b| (a - mean_a) * (b - mean_b)),
    );
    let (raw_aa, raw_bb, raw_ab) = (sum(&|a, _| a * a), sum(&|_, b| b * b), sum(&|a, b| a * b));
    // A constant channel keeps the rounding of its mean.
    let spread = |squares: f64, raw: f64| if squares > 1e-24 * raw { squares } else { 0.0 };
    let (aa, bb) = (spread(aa, raw_aa), spread(bb, raw_bb));
    let ratio = |over: f64, under: f64| if under > 0.0 { over / under } else { 0.0 };
    [
        ratio(ab, (aa * bb).sqrt()),
        ratio(ab, aa),
        ratio(raw_ab, (raw_aa * raw_bb).sqrt()),
        ratio(raw_ab, raw_aa),
        ratio(raw_ab, raw_bb),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_and_constant_channels() {
        let up = Array2::from_shape_fn((6, 6), |(y, x)| (y * 6 + x) as f32);
        let down = up.mapv(|v| 35.0 - v);
        let object = Array2::from_elem((6, 6), true);
        let opposite = channel_correlation(up.view(), down.view(), &object);
        assert!((opposite[0] + 1.0).abs() < 1e-12 && (opposite[1] + 1.0).abs() < 1e-12);
        let constant = channel_correlation(up.view(), Array2::from_elem((6, 6), 0.1).view(), &object);
        assert_eq!(
            (constant[0], channel_correlation(up.view(), up.view(), &Array2::from_elem((6, 6), false))),
            (0.0, [0.0; 5])
        );
    }
}
