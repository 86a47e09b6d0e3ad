//! Medians and median absolute deviations.

use ndarray::{Array1, ArrayView2, Axis};

/// The middle value, of an even number the mean of the two in the middle; the slice is reordered. NaN of no value.
///
/// ```
/// use perturbook::preprocess::features::median;
/// assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
/// assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
/// assert!(median(&mut []).is_nan());
/// ```
pub fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
    (lower + upper) / 2.0
}

/// The median of every column.
pub fn column_medians<V: Copy + Into<f64>>(x: ArrayView2<'_, V>) -> Array1<f64> {
    x.axis_iter(Axis(1)).map(|column| median(&mut column.iter().map(|&v| v.into()).collect::<Vec<f64>>())).collect()
}

/// The median distance of every column from its median, without a factor.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::features::column_mads;
/// assert_eq!(column_mads(array![[1.0], [2.0], [9.0]].view()), array![1.0]);
/// ```
pub fn column_mads<V: Copy + Into<f64>>(x: ArrayView2<'_, V>) -> Array1<f64> {
    let medians = column_medians(x);
    let columns = x.axis_iter(Axis(1)).zip(&medians);
    columns.map(|(c, &m)| median(&mut c.iter().map(|&v| (v.into() - m).abs()).collect::<Vec<f64>>())).collect()
}
