//! Energy distance: how far apart two samples of vectors are, 0 where their distributions are the same.
//!
//! ```text
//! E = 2 / (N M) sum d(x_i, y_j) - 1 / N^2 sum d(x_i, x_k) - 1 / M^2 sum d(y_j, y_l)
//! ```
//!
//! With sums over all pairs, a row and itself included, this is the V-statistic, never negative ([`Within::All`]); with
//! means over pairs of different rows it is unbiased and can be negative ([`Within::Distinct`]). SciPy's
//! one-dimensional energy distance is the root of the Euclidean V-statistic.
//!
//! With `d = 1 - cos` and unit vectors `u = x / |x|` (0 for a zero vector) the V-statistic is `|mean u_X - mean
//! u_Y|^2`, in time `O((N + M) d)`: between 0 and 4, and 0 whenever the mean directions agree, so that it does not tell
//! all distributions apart. SC-VAE (Figure 4) uses it; its equation (3) has the factors of the last two terms
//! exchanged.

use ndarray::{Array1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cells::checked;
use crate::evaluate::unit_rows;
use crate::reduce::Metric;
use crate::{Error, Result};

/// Which pairs the mean distance within a sample is taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// All `n^2` pairs, those of a row and itself included: the V-statistic, never negative.
    #[default]
    All,
    /// The `n (n - 1)` pairs of different rows: unbiased, can be negative, and needs two rows.
    Distinct,
}

/// An energy distance and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyDistance {
    /// `2 between - within_x - within_y`.
    pub distance: f64,
    /// Mean distance between a row of the first sample and one of the second.
    pub between: f64,
    /// Mean distance within the first sample.
    pub within_x: f64,
    /// Mean distance within the second sample.
    pub within_y: f64,
    /// Rows of the first sample.
    pub n_x: usize,
    /// Rows of the second sample.
    pub n_y: usize,
}

/// The energy distance of two samples, `n x d` and `m x d`; by the closed form for cosine distances, by double sums in
/// `O(n m d)`, a row at a time, for Euclidean ones.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Within, energy_distance};
/// use perturbook::reduce::Metric;
///
/// let (x, y) = (array![[1.0, 0.0], [2.0, 0.0]], array![[0.0, 1.0]]);
/// let energy = energy_distance(x.view(), y.view(), Metric::Cosine, Within::All)?;
/// assert_eq!(energy.distance, 2.0); // |(1, 0) - (0, 1)|^2
/// let energy = energy_distance(array![[0.0], [1.0]].view(), array![[3.0]].view(), Metric::Euclidean, Within::All)?;
/// assert_eq!(energy.distance, 2.0 * 2.5 - 0.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Equal samples have the distance 0 under [`Within::All`]; a zero vector is at cosine distance 1 from everything, itself
/// included.
///
/// # Errors
/// When a sample is empty (or holds a single row, for [`Within::Distinct`]), the samples differ in columns, or a value
/// is not finite.
pub fn energy_distance(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    metric: Metric,
    within: Within,
) -> Result<EnergyDistance> {
    let (x, y) = samples(x, y, within)?;
    let (x, y) = (Sample::new(x, metric), Sample::new(y, metric));
    Ok(energy_of(&x, &y, within))
}

/// The same by double sums for either metric, in `O(n m d)`: what the closed form is checked against.
///
/// # Errors
/// As [`energy_distance`].
pub fn energy_distance_by_sums(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    metric: Metric,
    within: Within,
) -> Result<EnergyDistance> {
    let (x, y) = samples(x, y, within)?;
    let mean_within = |z: ArrayView2<'_, f64>| {
        let n = z.nrows() as f64;
        let own = z.rows().into_iter().map(|row| row.to_vec()).map(|row| metric.distance(&row, &row)).sum::<f64>();
        match within {
            Within::All => mean_distance(z, z, metric),
            Within::Distinct => (mean_distance(z, z, metric) * n * n - own) / (n * (n - 1.0)),
        }
    };
    let (between, within_x, within_y) = (mean_distance(x, y, metric), mean_within(x), mean_within(y));
    let distance = 2.0 * between - within_x - within_y;
    Ok(EnergyDistance { distance, between, within_x, within_y, n_x: x.nrows(), n_y: y.nrows() })
}

/// Mean distance between all rows of `x` and all rows of `y`; NaN where one has none, or they differ in columns.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::mean_distance;
/// use perturbook::reduce::Metric;
///
/// let (x, y) = (array![[0.0, 0.0]], array![[3.0, 4.0], [0.0, 1.0]]);
/// assert_eq!(mean_distance(x.view(), y.view(), Metric::Euclidean), 3.0);
/// ```
pub fn mean_distance(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, metric: Metric) -> f64 {
    let y: Vec<Vec<f64>> = y.rows().into_iter().map(|row| row.to_vec()).collect();
    let sums: Vec<f64> = x
        .axis_iter(Axis(0))
        .into_par_iter()
        .map(|row| {
            let row = row.to_vec();
            y.iter().map(|other| metric.distance(&row, other)).sum()
        })
        .collect();
    sums.iter().sum::<f64>() / (sums.len() * y.len()) as f64
}

/// Checks two samples.
fn samples<'a>(
    x: ArrayView2<'a, f64>,
    y: ArrayView2<'a, f64>,
    within: Within,
) -> Result<(ArrayView2<'a, f64>, ArrayView2<'a, f64>)> {
    if x.ncols() != y.ncols() {
        return Err(Error::new(format!("samples of {} and {} columns cannot be compared", x.ncols(), y.ncols()))
            .at("energy distance")
            .fix("give both the same features"));
    }
    let least = if within == Within::Distinct { 2 } else { 1 };
    for (name, sample) in [("first", x), ("second", y)] {
        checked(sample, &format!("energy distance, {name} sample"), least)?;
    }
    Ok((x, y))
}

/// A sample with what its energy distances to others need.
pub(super) struct Sample {
    n: usize,
    metric: Metric,
    /// Rows for Euclidean distances; unit rows for cosine ones.
    rows: Vec<Vec<f64>>,
    /// Mean of `rows`.
    mean: Array1<f64>,
    /// Sum of all `n^2` distances within, and of those of a row and itself.
    sum: f64,
    own: f64,
}

impl Sample {
    /// From a sample with at least one row.
    pub fn new(x: ArrayView2<'_, f64>, metric: Metric) -> Self {
        let n = x.nrows();
        let units = match metric {
            Metric::Cosine => unit_rows(x),
            Metric::Euclidean => x.to_owned(),
        };
        let mean = units.sum_axis(Axis(0)) / n.max(1) as f64;
        let rows: Vec<Vec<f64>> = match metric {
            Metric::Cosine => Vec::new(),
            Metric::Euclidean => units.rows().into_iter().map(|row| row.to_vec()).collect(),
        };
        let (sum, own) = match metric {
            Metric::Cosine => {
                let squares: f64 = units.iter().map(|v| v * v).sum();
                ((1.0 - squared_length(&mean)) * (n * n) as f64, n as f64 - squares)
            }
            Metric::Euclidean => (2.0 * sum_above_diagonal(&rows), 0.0),
        };
        Self { n, metric, rows, mean, sum, own }
    }

    /// Mean distance within; NaN where it is not defined.
    fn within(&self, within: Within) -> f64 {
        let n = self.n as f64;
        match within {
            Within::All => self.sum / (n * n),
            Within::Distinct if self.n < 2 => f64::NAN,
            Within::Distinct => (self.sum - self.own) / (n * (n - 1.0)),
        }
    }

    /// Mean distance to the rows of another sample.
    fn between(&self, other: &Self) -> f64 {
        match self.metric {
            Metric::Cosine => 1.0 - self.mean.dot(&other.mean),
            Metric::Euclidean => {
                let sums: Vec<f64> =
                    self.rows.par_iter().map(|x| other.rows.iter().map(|y| euclidean(x, y)).sum()).collect();
                sums.iter().sum::<f64>() / (self.n * other.n) as f64
            }
        }
    }
}

/// The energy distance of two prepared samples.
pub(super) fn energy_of(x: &Sample, y: &Sample, within: Within) -> EnergyDistance {
    let between = x.between(y);
    let (within_x, within_y) = (x.within(within), y.within(within));
    let distance = match (x.metric, within) {
        (Metric::Cosine, Within::All) => squared_length(&(&x.mean - &y.mean)),
        _ => 2.0 * between - within_x - within_y,
    };
    EnergyDistance { distance, between, within_x, within_y, n_x: x.n, n_y: y.n }
}

fn squared_length(x: &Array1<f64>) -> f64 {
    x.dot(x)
}

/// Sum of the distances of all pairs of different rows, each once; row by row, so that it does not depend on threads.
fn sum_above_diagonal(rows: &[Vec<f64>]) -> f64 {
    let sums: Vec<f64> = (0..rows.len())
        .into_par_iter()
        .map(|i| rows[i + 1..].iter().map(|other| euclidean(&rows[i], other)).sum())
        .collect();
    sums.iter().sum()
}

/// Euclidean distance, summed in four lanes.
pub(super) fn euclidean(x: &[f64], y: &[f64]) -> f64 {
    let (x4, x_rest) = x.as_chunks::<4>();
    let (y4, y_rest) = y.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (x, y) in x4.iter().zip(y4) {
        for lane in 0..4 {
            let apart = x[lane] - y[lane];
            lanes[lane] += apart * apart;
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| (x - y) * (x - y)).sum();
    (lanes[0] + lanes[1] + lanes[2] + lanes[3] + rest).sqrt()
}
