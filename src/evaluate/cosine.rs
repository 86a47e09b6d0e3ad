//! Cosine similarity between the rows of a matrix, and means of it without forming the matrix.
//!
//! With `u_i = x_i / |x_i|` and `s` the sum of the `u_i`, the mean of `u_i . u_j` over `i != j` is
//! `(|s|^2 - sum |u_i|^2) / (n (n - 1))`, in time `O(n d)`; between two groups it is `mean(u_A) . mean(u_B)`.
//! A zero vector has cosine 0 with everything, itself included.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::screen::Profiles;

/// Each row divided by its Euclidean norm, `n x d`; zero rows stay zero, and a row with NaN or an infinite value has NaN.
///
/// ```
/// use ndarray::array;
/// let u = perturbook::evaluate::unit_rows(array![[3.0, 4.0], [0.0, 0.0]].view());
/// assert_eq!(u, array![[0.6, 0.8], [0.0, 0.0]]);
/// ```
pub fn unit_rows(values: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut units = values.to_owned();
    for mut row in units.axis_iter_mut(Axis(0)) {
        // Dividing by the greatest entry first keeps the squares of very large and very small values in range.
        let largest = row.fold(0.0_f64, |most, v| most.max(v.abs()));
        if largest > 0.0 {
            row /= largest;
            let norm = row.dot(&row).sqrt();
            row /= norm;
        }
    }
    units
}

/// Mean of the cosines over all pairs `i != j` of unit rows; `None` with fewer than two rows.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{mean_off_diagonal, unit_rows};
///
/// let u = unit_rows(array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]].view());
/// assert!((mean_off_diagonal(u.view()).unwrap() - 1.0 / 3.0).abs() < 1e-12);
/// ```
pub fn mean_off_diagonal(units: ArrayView2<'_, f64>) -> Option<f64> {
    let n = units.nrows() as f64;
    if units.nrows() < 2 {
        return None;
    }
    let sum = units.sum_axis(Axis(0));
    let own: f64 = units.iter().map(|v| v * v).sum();
    Some((sum.dot(&sum) - own) / (n * (n - 1.0)))
}

/// Mean of the cosines over all `n^2` ordered pairs of unit rows, the diagonal included; `None` without rows.
pub fn mean_with_diagonal(units: ArrayView2<'_, f64>) -> Option<f64> {
    let mean: Array1<f64> = units.mean_axis(Axis(0))?;
    Some(mean.dot(&mean))
}

/// Mean cosine between the unit rows of one group and those of another; `None` when one is empty.
pub fn mean_between(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Option<f64> {
    Some(a.mean_axis(Axis(0))?.dot(&b.mean_axis(Axis(0))?))
}

/// Mean cosine over all pairs of different profiles; `None` with fewer than two.
///
/// ```
/// use ndarray::array;
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(vec!["A".into(), "B".into()], array![[1.0, 0.0], [1.0, 1.0]])?;
/// assert!((perturbook::evaluate::mean_cosine(&p).unwrap() - 0.5_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
pub fn mean_cosine(profiles: &Profiles) -> Option<f64> {
    mean_off_diagonal(unit_rows(profiles.values()).view())
}

/// Every cosine between two different rows, once: `n (n - 1) / 2` values, row by row above the diagonal.
#[derive(Clone, Debug)]
pub struct CosinePairs {
    n: usize,
    values: Vec<f64>,
}

/// Rows multiplied at once: large enough for the matrix product, small enough to keep memory near the result's.
const BLOCK: usize = 128;

impl CosinePairs {
    /// The cosines between the rows of `values`, `n x d`; none with fewer than two rows. A zero row has cosine 0 with all.
    ///
    /// ```
    /// use ndarray::array;
    /// let pairs = perturbook::evaluate::CosinePairs::new(array![[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]].view());
    /// assert!((pairs.get(2, 0) - 0.5_f64.sqrt()).abs() < 1e-12);
    /// ```
    pub fn new(values: ArrayView2<'_, f64>) -> Self {
        let units = unit_rows(values);
        let n = units.nrows();
        let mut pairs = vec![0.0; n * n.saturating_sub(1) / 2];
        // Each block of rows owns one stretch of the result.
        let mut blocks = Vec::new();
        let mut rest = pairs.as_mut_slice();
        for first in (0..n).step_by(BLOCK) {
            let last = (first + BLOCK).min(n);
            let (mine, others) = rest.split_at_mut((first..last).map(|row| n - 1 - row).sum());
            blocks.push((first, last, mine));
            rest = others;
        }
        blocks.into_par_iter().for_each(|(first, last, mine)| {
            let product = units.slice(s![first..last, ..]).dot(&units.slice(s![first.., ..]).t());
            let mut rest = mine;
            for row in first..last {
                let (target, others) = rest.split_at_mut(n - 1 - row);
                for (value, &cosine) in target.iter_mut().zip(product.slice(s![row - first, row - first + 1..])) {
                    *value = cosine.clamp(-1.0, 1.0);
                }
                rest = others;
            }
        });
        Self { n, values: pairs }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// All cosines, pair `(0, 1)` first, then `(0, 2)`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The same, without the structure.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The cosine of two different rows, in either order.
    ///
    /// # Panics
    /// When the rows are equal or out of range.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (i.min(j), i.max(j));
        assert!(i < j && j < self.n, "no pair ({i}, {j}) among {} rows", self.n);
        self.values[i * (2 * self.n - i - 1) / 2 + (j - i - 1)]
    }

    /// Cosines of one row with the given others.
    pub fn row<'a>(
        &'a self,
        row: usize,
        others: impl IntoIterator<Item = &'a usize> + 'a,
    ) -> impl Iterator<Item = f64> + 'a {
        others.into_iter().map(move |&other| self.get(row, other))
    }
}
