//! Points as one matrix of `f64`, for metrics that read every value many times.

use ndarray::Array2;

use crate::reduce::Points;
use crate::{Error, Result};

/// Beyond this the square of a difference is no number.
const LARGEST: f64 = 1e150;

/// The points as a matrix, `n x d`; refuses NaN, infinite values and those beyond 1e150, whose squares are, and points
/// without a dimension.
pub(super) fn finite_matrix(points: &dyn Points, place: &str) -> Result<Array2<f64>> {
    let (n, d) = points.shape();
    if d == 0 {
        return Err(Error::new("the points have no dimension").at(place).fix("give at least one column"));
    }
    let mut values = Array2::zeros((n, d));
    for (row, mut to) in values.rows_mut().into_iter().enumerate() {
        if let Some(slice) = to.as_slice_mut() {
            points.copy_point(row, slice);
        }
        if let Some(column) = to.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
            let fix = if to[column].is_finite() { "scale the columns down" } else { "drop or impute these rows first" };
            return Err(Error::new(format!("the points hold {}", to[column]))
                .at(format!("{place}, {}, column {column}", points.point_name(row)))
                .fix(fix));
        }
    }
    Ok(values)
}

/// Refuses labels that are not one for each point.
pub(super) fn require_labels(points: usize, labels: usize, place: &str) -> Result<()> {
    if points == labels {
        return Ok(());
    }
    Err(Error::new(format!("{labels} labels for {points} points")).at(place).fix("give one label for each point"))
}

/// Refuses rows beyond the last point.
pub(super) fn require_rows(points: usize, parts: [&[usize]; 2], place: &str) -> Result<()> {
    match parts.into_iter().flatten().find(|&&row| row >= points) {
        Some(row) => Err(Error::new(format!("row {row} of {points} rows")).at(place).fix("give rows of these points")),
        None => Ok(()),
    }
}

/// `sum (x - y)^2`, in eight running sums so that the compiler can use wide registers.
pub(super) fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    let (y_blocks, y_rest) = y.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += (x - y) * (x - y);
        }
    }
    sums.iter().sum::<f64>() + x_rest.iter().zip(y_rest).map(|(x, y)| (x - y) * (x - y)).sum::<f64>()
}

/// `sum x y`, likewise.
pub(super) fn product(x: &[f64], y: &[f64]) -> f64 {
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    let (y_blocks, y_rest) = y.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_the_rest_add_up() {
        for d in 0..20 {
            let x: Vec<f64> = (0..d).map(f64::from).collect();
            let y: Vec<f64> = (0..d).map(|v| 2.0 * f64::from(v) + 1.0).collect();
            let plain = |of: fn(f64, f64) -> f64| x.iter().zip(&y).map(|(&x, &y)| of(x, y)).sum::<f64>();
            assert_eq!(squared_distance(&x, &y), plain(|x, y| (x - y) * (x - y)), "{d} dimensions");
            assert_eq!(product(&x, &y), plain(|x, y| x * y), "{d} dimensions");
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        let e = finite_matrix(&ndarray::array![[1.0, 2.0], [3.0, f64::NAN]], "silhouette").unwrap_err().to_string();
        assert!(e.contains("row 1") && e.contains("column 1"), "{e}");
        assert!(finite_matrix(&Array2::<f64>::zeros((2, 0)), "silhouette").is_err());
        assert!(require_labels(3, 2, "silhouette").is_err());
    }
}
