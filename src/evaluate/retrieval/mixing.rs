//! Batch mixing: which batches are among the nearest rows of a row?
//!
//! With `p_b` the share of batch `b` among the `k` nearest other rows, every neighbour counting the same, and `f_b` its
//! share of all rows:
//!
//! ```text
//! entropy      mean over rows of -sum_b p_b ln p_b, divided by ln B      0: one batch, 1: all alike
//! iLISI-like   mean over rows of 1 / sum_b p_b^2                         1: one batch, B: all alike
//! kBET-like    share of rows with P(chi-square(B - 1) >= sum_b (k p_b - k f_b)^2 / (k f_b)) > 0.05
//! ```
//!
//! The inverse Simpson index is that of LISI (Korsunsky et al. 2019) without its Gaussian weights; the acceptance rate
//! is that of kBET (Buettner et al. 2019) over all rows at one `k`. `k` should be well above the number of batches:
//! with few neighbours none of the three can reach its best value. By labels instead of batches the same index is the
//! cLISI.
//!
//! Zero vectors under the cosine distance are not counted, see [`knn_accuracy`](super::knn_accuracy).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::knn::has_no_direction;
use super::labels::RowLabels;
use crate::reduce::{Metric, Neighbours, Points, neighbours};
use crate::{Error, Result};

/// P-value below which a neighbourhood is not accepted as mixed.
const ALPHA: f64 = 0.05;

/// Mixing of batches among nearest neighbours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchMixing {
    /// Mean entropy of the batches among the neighbours, as a share of `ln B`.
    pub entropy: f64,
    /// The entropy of all rows' batches as a share of `ln B`: what perfect mixing gives with many neighbours.
    pub entropy_when_mixed: f64,
    /// Mean inverse Simpson index, iLISI-like, from 1 to `B`.
    pub inverse_simpson: f64,
    /// The inverse Simpson index of all rows' batches: what perfect mixing gives with many neighbours.
    pub inverse_simpson_when_mixed: f64,
    /// Share of rows whose neighbourhood the chi-square test accepts, kBET-like.
    pub acceptance: f64,
    /// Inverse Simpson index of each row; NaN where it was not counted.
    pub per_row: Vec<f64>,
    /// The batches.
    pub batches: Vec<String>,
    /// Mean inverse Simpson index of each batch's rows, in the order of `batches`; NaN where none was counted.
    pub per_batch: Vec<f64>,
    /// Neighbours looked at.
    pub k: usize,
    /// The distance.
    pub metric: Metric,
}

/// Mixing of the batches among the `k` nearest other rows.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::{RowLabels, batch_mixing};
/// use perturbook::reduce::Metric;
///
/// let points = Array2::from_shape_fn((40, 1), |(i, _)| i as f64 + if i < 20 { 0.0 } else { 100.0 });
/// let apart: Vec<bool> = (0..40).map(|i| i < 20).collect();
/// let mixing = batch_mixing(&points, &RowLabels::new(&apart), 5, Metric::Euclidean)?;
/// assert_eq!((mixing.entropy, mixing.inverse_simpson, mixing.acceptance), (0.0, 1.0, 0.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, fewer than two batches, not more than `k` rows, a value is not finite, or
/// the work was stopped.
pub fn batch_mixing(points: &dyn Points, batches: &RowLabels, k: usize, metric: Metric) -> Result<BatchMixing> {
    batches.require_rows(points.shape().0, "batch_mixing")?;
    batch_mixing_of(&neighbours(points, k, metric)?, batches)
}

/// The same from neighbours that are known already.
///
/// # Errors
/// When there are not as many labels as rows, no neighbour, a neighbour that is none of the rows, fewer than two batches, or
/// no row can be counted.
pub fn batch_mixing_of(near: &Neighbours, batches: &RowLabels) -> Result<BatchMixing> {
    batches.require_rows(near.len(), "batch_mixing_of")?;
    near.check()?;
    let (n, k) = (near.len() as f64, near.k() as f64);
    let members = batches.members();
    let there: Vec<usize> = (0..members.len()).filter(|&batch| !members[batch].is_empty()).collect();
    if there.len() < 2 {
        return Err(Error::new("one batch alone is neither mixed nor apart")
            .at("batch_mixing")
            .fix("give the batch of each row, from at least two batches"));
    }
    let expected: Vec<f64> = members.iter().map(|rows| rows.len() as f64 / n).collect();
    let law = ChiSquared::new((there.len() - 1) as f64)
        .map_err(|e| Error::new(format!("no chi-square law: {e}")).at("batch_mixing"))?;
    // Entropy, inverse Simpson index, accepted or not.
    let scores = |row: usize| -> Option<(f64, f64, bool)> {
        if has_no_direction(near, row) {
            return None;
        }
        let mut counts = vec![0.0; members.len()];
        near.rows.row(row).iter().for_each(|&other| counts[batches.codes()[other as usize] as usize] += 1.0);
        let shares: Vec<f64> = counts.iter().map(|count| count / k).collect();
        let statistic: f64 = there.iter().map(|&b| k * (shares[b] - expected[b]).powi(2) / expected[b]).sum();
        Some((entropy(&shares), inverse_simpson(&shares), law.sf(statistic) > ALPHA))
    };
    let scores: Vec<Option<(f64, f64, bool)>> = (0..near.len()).into_par_iter().map(scores).collect();
    let counted: Vec<(f64, f64, bool)> = scores.iter().copied().flatten().collect();
    if counted.is_empty() {
        return Err(Error::new("no row has a nearest row: all are zero vectors").at("batch_mixing"));
    }
    let per_row: Vec<f64> = scores.iter().map(|score| score.map_or(f64::NAN, |score| score.1)).collect();
    let of_batch = |&batch: &usize| {
        let values = members[batch].iter().map(|&row| per_row[row as usize]).filter(|value| !value.is_nan());
        let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
        sum / count as f64
    };
    let (size, most) = (counted.len() as f64, (there.len() as f64).ln());
    Ok(BatchMixing {
        entropy: counted.iter().map(|score| score.0).sum::<f64>() / size / most,
        entropy_when_mixed: entropy(&expected) / most,
        inverse_simpson: counted.iter().map(|score| score.1).sum::<f64>() / size,
        inverse_simpson_when_mixed: inverse_simpson(&expected),
        acceptance: counted.iter().filter(|score| score.2).count() as f64 / size,
        per_batch: there.iter().map(of_batch).collect(),
        batches: there.iter().map(|&batch| batches.names()[batch].clone()).collect(),
        per_row,
        k: near.k(),
        metric: near.metric,
    })
}

/// `-sum p ln p`.
fn entropy(shares: &[f64]) -> f64 {
    -shares.iter().filter(|share| **share > 0.0).map(|share| share * share.ln()).sum::<f64>() + 0.0
}

/// `1 / sum p^2`.
fn inverse_simpson(shares: &[f64]) -> f64 {
    1.0 / shares.iter().map(|share| share * share).sum::<f64>()
}
