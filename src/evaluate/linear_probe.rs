//! What a plane over a space explains of a number, on rows that it was not fitted on: the linear probe.
//!
//! ```text
//! w minimises |X w - y|^2 over the training rows, X with a column of ones; the shortest of several
//! R^2 = 1 - sum (y - X w)^2 / sum (y - mean y)^2     over the held-out rows
//! ```
//!
//! 1: all of it; 0: no more than the mean; below 0: worse than the mean. A phase, such as that of the cell cycle, has no
//! beginning: its cosine and sine are probed instead ([`phase_probe`]).

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::dense::{finite_matrix, require_rows};
use crate::eigen::symmetric_eigen;
use crate::reduce::Points;
use crate::{Error, Result};

const PLACE: &str = "linear probe";
/// Directions with less than this share of the largest eigenvalue hold nothing but rounding.
const SMALLEST: f64 = 1e-12;

/// How much is explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearProbe {
    /// `R^2` of each target.
    pub r2: Vec<f64>,
    /// Rows it was fitted on.
    pub n_train: usize,
    /// Rows it was measured on.
    pub n_test: usize,
}

impl LinearProbe {
    /// The mean over the targets.
    pub fn mean(&self) -> f64 {
        self.r2.iter().sum::<f64>() / self.r2.len() as f64
    }
}

/// Probes `points` (`n x d`) for the columns of `targets` (`n x k`).
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::linear_probe;
///
/// let x = Array2::from_shape_fn((20, 2), |(i, j)| ((i * (3 + j)) % 7) as f64);
/// let y = Array2::from_shape_fn((20, 1), |(i, _)| 2.0 * x[[i, 0]] - x[[i, 1]] + 5.0);
/// let probe = linear_probe(&x, y.view(), &(0..10).collect::<Vec<_>>(), &(10..20).collect::<Vec<_>>())?;
/// assert!(probe.mean() > 1.0 - 1e-9);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When rows and targets differ in number, a row does not exist, a part is empty, a value is not finite, or a target is
/// the same for all held-out rows.
pub fn linear_probe(
    points: &dyn Points,
    targets: ArrayView2<'_, f64>,
    training: &[usize],
    held_out: &[usize],
) -> Result<LinearProbe> {
    let values = finite_matrix(points, PLACE)?;
    let n = values.nrows();
    if targets.nrows() != n || targets.ncols() == 0 {
        let (rows, columns) = targets.dim();
        return Err(Error::new(format!("{rows} rows of {columns} targets for {n} points"))
            .at(PLACE)
            .fix("give a row of at least one target for each point"));
    }
    require_rows(n, [training, held_out], PLACE)?;
    if training.is_empty() || held_out.is_empty() {
        return Err(Error::new("no row to fit on, or none to measure").at(PLACE).fix("give rows in both parts"));
    }
    if let Some(((row, column), value)) = targets.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(Error::new(format!("a target is {value}")).at(format!("{PLACE}, row {row}, column {column}")));
    }
    // Columns of one scale, so that small directions are told from rounding; the plane is the same.
    let mean = values.select(Axis(0), training).mean_axis(Axis(0)).unwrap_or_default();
    let centred = &values - &mean;
    let scale = centred.select(Axis(0), training).std_axis(Axis(0), 0.0).mapv(|sd| if sd > 0.0 { sd } else { 1.0 });
    let with_ones = concatenate(Axis(1), &[(&centred / &scale).view(), Array2::ones((n, 1)).view()])
        .map_err(|e| Error::new(format!("cannot add a column: {e}")).at(PLACE))?;
    let (x, y) = (with_ones.select(Axis(0), training), targets.select(Axis(0), training));
    let (lambda, vectors) = symmetric_eigen(x.t().dot(&x).view())?;
    let least = SMALLEST * lambda.iter().copied().fold(0.0, f64::max);
    let inverse = lambda.mapv(|value| if value > least { value.recip() } else { 0.0 });
    let along = vectors.t().dot(&x.t().dot(&y)) * inverse.insert_axis(Axis(1));
    let told = with_ones.select(Axis(0), held_out).dot(&vectors.dot(&along));
    let truth = targets.select(Axis(0), held_out);
    let r2 = truth.axis_iter(Axis(1)).zip(told.axis_iter(Axis(1))).enumerate().map(|(column, (truth, told))| {
        let mean = truth.mean().unwrap_or(f64::NAN);
        let spread: f64 = truth.iter().map(|y| (y - mean).powi(2)).sum();
        if spread <= 0.0 {
            return Err(Error::new(format!("target {column} is the same for all held-out rows"))
                .at(PLACE)
                .fix("hold out rows that differ"));
        }
        Ok(1.0 - truth.iter().zip(told).map(|(y, t)| (y - t).powi(2)).sum::<f64>() / spread)
    });
    Ok(LinearProbe { r2: r2.collect::<Result<_>>()?, n_train: training.len(), n_test: held_out.len() })
}

/// Probes `points` for the cosine and sine of phases, in radians.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::phase_probe;
///
/// let phases: Vec<f64> = (0..40).map(|i| 0.5 * f64::from(i)).collect();
/// let circle = Array2::from_shape_fn((40, 2), |(i, j)| 3.0 * if j == 0 { phases[i].cos() } else { phases[i].sin() });
/// let (fit, test): (Vec<usize>, Vec<usize>) = (0..40).partition(|i| i % 2 == 0);
/// assert!(phase_probe(&circle, &phases, &fit, &test)?.mean() > 1.0 - 1e-9);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`linear_probe`].
pub fn phase_probe(points: &dyn Points, phases: &[f64], training: &[usize], held_out: &[usize]) -> Result<LinearProbe> {
    let targets =
        Array2::from_shape_fn((phases.len(), 2), |(i, j)| if j == 0 { phases[i].cos() } else { phases[i].sin() });
    linear_probe(points, targets.view(), training, held_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn half_of_a_number_is_explained_when_the_other_half_is_noise() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut draw = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let x = Array2::from_shape_simple_fn((4000, 3), &mut draw);
        let y = Array2::from_shape_fn((4000, 2), |(i, j)| if j == 0 { x[[i, 0]] + draw() } else { draw() });
        let (fit, test): (Vec<usize>, Vec<usize>) = (0..4000).partition(|i| i % 2 == 0);
        let probe = linear_probe(&x, y.view(), &fit, &test).unwrap();
        assert!((probe.r2[0] - 0.5).abs() < 0.05 && probe.r2[1].abs() < 0.02, "{:?}", probe.r2);
        // Another origin, another scale and a column twice are no difference.
        let moved = Array2::from_shape_fn((4000, 4), |(i, j)| 1e3 * x[[i, j % 3]] - 7.0);
        let again = linear_probe(&moved, y.view(), &fit, &test).unwrap();
        assert!((again.r2[0] - probe.r2[0]).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_probed_is_refused() {
        let x = Array2::from_shape_fn((6, 1), |(i, _)| i as f64);
        let y = Array2::from_shape_fn((6, 1), |(i, _)| if i < 3 { i as f64 } else { 1.0 });
        let refused = |y: &Array2<f64>, fit: &[usize], test: &[usize]| {
            linear_probe(&x, y.view(), fit, test).unwrap_err().to_string()
        };
        assert!(refused(&y, &[0, 1, 2], &[3, 4, 5]).contains("the same for all held-out rows"));
        assert!(refused(&y, &[], &[3]).contains("no row to fit on"));
        assert!(refused(&y, &[0], &[6]).contains("row 6 of 6"));
        assert!(refused(&Array2::zeros((5, 1)), &[0], &[1]).contains("5 rows of 1 targets for 6 points"));
        assert!(refused(&Array2::from_elem((6, 1), f64::NAN), &[0], &[1]).contains("a target is NaN"));
    }
}
