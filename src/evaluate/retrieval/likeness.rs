//! How alike two rows are: their cosine, or their correlation.
//!
//! Each is the cosine of two vectors made from the rows:
//!
//! ```text
//! cosine   x
//! Pearson  x - mean(x)
//! ```
//!
//! The mean is that over the features of one row. A row without direction, all zeros under the cosine or constant under
//! the correlation, is like nothing, not even itself: what compares pairs leaves it out and says so.

use serde::{Deserialize, Serialize};

use super::keys::{Keys, dot, to_unit};
use super::labels::RowLabels;
use super::pairs::{PairSimilarities, count_pairs};
use super::subset::Subset;
use crate::reduce::{Metric, Points};
use crate::{Error, Result};

/// Similarity of two rows, from -1 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Similarity {
    /// Cosine of the angle between the rows.
    Cosine,
    /// Pearson's correlation over the features: the usual similarity of well profiles (pycytominer, cytominer-eval).
    #[default]
    Pearson,
}

impl Similarity {
    /// The similarity of two rows; `None` when one of them has no direction, their lengths differ or a value is not
    /// finite.
    ///
    /// ```
    /// use perturbook::evaluate::Similarity;
    ///
    /// let (x, y) = ([1.0, 2.0, 3.0], [7.0, 8.0, 12.0]);
    /// assert!((Similarity::Pearson.between(&x, &y).unwrap() - 5.0 / 28.0_f64.sqrt()).abs() < 1e-15);
    /// assert_eq!(Similarity::Pearson.between(&x, &[4.0, 4.0, 4.0]), None);
    /// ```
    pub fn between(self, x: &[f64], y: &[f64]) -> Option<f64> {
        if x.len() != y.len() || x.iter().chain(y).any(|v| !v.is_finite()) {
            return None;
        }
        let unit = |row: &[f64]| {
            let mut row = row.to_vec();
            self.prepare(&mut row);
            to_unit(&mut row);
            row.iter().any(|v| *v != 0.0).then_some(row)
        };
        Some(dot(&unit(x)?, &unit(y)?).clamp(-1.0, 1.0))
    }

    /// Its name on an axis.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Pearson => "Pearson correlation",
        }
    }

    /// Turns a row into the vector whose cosines are meant. Rows that are not finite stay as they are.
    fn prepare(self, row: &mut [f64]) {
        if self == Self::Cosine || row.iter().any(|v| !v.is_finite()) {
            return;
        }
        centre(row);
    }
}

/// Subtracts the mean of the row; a constant row becomes exactly zero.
fn centre(row: &mut [f64]) {
    let largest = row.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if row.windows(2).all(|pair| pair[0] == pair[1]) || largest == 0.0 {
        row.fill(0.0);
        return;
    }
    row.iter_mut().for_each(|v| *v /= largest); // sums of very large values stay in range
    for _ in 0..2 {
        // The second pass removes what the rounding of the first one left.
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|v| *v -= mean);
    }
}

/// Points whose cosines are the similarities.
struct Prepared<'a> {
    points: &'a dyn Points,
    similarity: Similarity,
}

impl Points for Prepared<'_> {
    fn shape(&self) -> (usize, usize) {
        self.points.shape()
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        self.points.copy_point(row, to);
        self.similarity.prepare(to);
    }

    fn point_name(&self, row: usize) -> String {
        self.points.point_name(row)
    }
}

/// The rows that take part in a comparison of pairs.
pub(super) struct Compared {
    /// Their unit vectors.
    pub keys: Keys,
    /// Which rows they are.
    pub rows: Vec<usize>,
    /// Rows without direction, left out.
    pub left_out: usize,
}

impl Compared {
    /// Prepares `rows`, those without direction left out.
    pub fn new(points: &dyn Points, mut rows: Vec<usize>, similarity: Similarity, place: &'static str) -> Result<Self> {
        let asked = rows.len();
        loop {
            if rows.len() < 2 {
                return Err(Error::new(format!(
                    "{} of {asked} rows have a direction: there is no pair to compare",
                    rows.len()
                ))
                .at(place)
                .fix("give two rows that are neither controls nor constant, with two features at least"));
            }
            let keys = Keys::new(&Subset { points: &Prepared { points, similarity }, rows: &rows }, Metric::Cosine)?;
            let kept: Vec<usize> =
                (0..rows.len()).filter(|&at| keys.row(at).iter().any(|v| *v != 0.0)).map(|at| rows[at]).collect();
            if kept.len() == rows.len() {
                return Ok(Self { keys, left_out: asked - rows.len(), rows });
            }
            rows = kept;
        }
    }
}

/// Rows with labels, and how often pairs of one label and of different ones are how similar.
pub(super) struct ComparedPairs {
    /// Unit vectors of the rows that take part.
    pub keys: Keys,
    /// Their labels.
    pub codes: Vec<u32>,
    /// The pairs, of both kinds at least one.
    pub pairs: PairSimilarities,
    /// Rows without direction, left out.
    pub left_out: usize,
}

impl ComparedPairs {
    /// Compares the rows that are no controls.
    pub fn new(points: &dyn Points, labels: &RowLabels, similarity: Similarity, place: &'static str) -> Result<Self> {
        let Compared { keys, rows, left_out } = Compared::new(points, labels.perturbed_rows(), similarity, place)?;
        let codes: Vec<u32> = rows.iter().map(|&row| labels.codes()[row]).collect();
        let pairs = count_pairs(&keys, &codes, labels.names().len(), similarity)?;
        let (n_same, n_different) = (pairs.n_same(), pairs.n_different());
        if n_same == 0 || n_different == 0 {
            return Err(Error::new(format!("{n_same} pairs share a label and {n_different} do not"))
                .at(place)
                .fix("both kinds must occur among the rows that are no control: give labels that some rows share"));
        }
        Ok(Self { keys, codes, pairs, left_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_changes_the_cosine_and_not_the_correlation() {
        let (x, y) = ([0.5, -1.5, 2.0, 0.25], [1.0, 0.0, 3.0, -2.0]);
        let of = |similarity: Similarity, x: &[f64]| similarity.between(x, &y).unwrap();
        let moved: Vec<f64> = x.iter().map(|v| 3.0 * v + 1e3).collect();
        assert!((of(Similarity::Pearson, &x) - of(Similarity::Pearson, &moved)).abs() < 1e-12);
        assert!((of(Similarity::Cosine, &x) - of(Similarity::Cosine, &moved)).abs() > 0.1);
    }

    #[test]
    fn rows_at_the_ends_of_the_range_are_compared() {
        let (x, y) = ([1e308, -1e308, 5e307], [1.0, -1.0, 0.5]);
        assert!((Similarity::Pearson.between(&x, &y).unwrap() - 1.0).abs() < 1e-15);
        let tenths = vec![0.1; 1001]; // their computed mean is not 0.1
        let ramp: Vec<f64> = (0..1001).map(f64::from).collect();
        assert_eq!(Similarity::Pearson.between(&tenths, &ramp), None);
        assert_eq!(Similarity::Cosine.between(&[0.0, 0.0], &[1.0, 2.0]), None);
        assert_eq!(Similarity::Cosine.between(&[f64::NAN, 0.0], &[1.0, 2.0]), None);
        assert_eq!(Similarity::Cosine.between(&[1.0], &[1.0, 2.0]), None);
    }
}
