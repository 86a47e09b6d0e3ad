//! Similarity of pairs with the same label against pairs with different ones, and enrichment among the most similar.
//!
//! The cosines of all `n (n - 1) / 2` pairs of rows that are no control are counted in [`BINS`] bins of equal width
//! from -1 to 1, in blocks of rows; no `n x n` matrix is held. Means are exact (from sums of unit vectors); thresholds,
//! curves and the Kolmogorov-Smirnov statistic are resolved to a bin, 3e-5 of cosine.
//!
//! ```text
//! enrichment at the top q:  threshold t = the cosine that a share q of all pairs reach
//!   odds ratio = (same >= t / same < t) / (different >= t / different < t)
//!   fold       = (share of same-label pairs among those >= t) / (their share of all pairs)
//! ```
//!
//! Set-DINO's Figure 2b draws such distributions for pairs within complexes and random pairs.

use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::labels::RowLabels;
use super::likeness::Similarity;
use super::scan::scan_pairs;
use super::subset::Subset;
use crate::reduce::{Metric, Points};
use crate::{Error, Result};

/// Bins of the cosines, from -1 to 1.
pub const BINS: usize = 1 << 16;

/// Cosines of pairs with the same label and with different ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairSimilarities {
    /// Pairs with the same label in each bin.
    pub same: Vec<u64>,
    /// Pairs with different labels in each bin.
    pub different: Vec<u64>,
    /// Mean cosine of pairs with the same label; NaN without one.
    pub mean_same: f64,
    /// Mean cosine of pairs with different labels; NaN without one.
    pub mean_different: f64,
    /// Rows that were compared.
    pub n: usize,
    /// What "cosine" stands for above: [`pair_similarities`] takes cosines.
    #[serde(default = "cosine")]
    pub similarity: Similarity,
}

/// What results were that do not say it.
fn cosine() -> Similarity {
    Similarity::Cosine
}

/// How much more often pairs of one label are among the most similar pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrichment {
    /// The share of pairs that was asked for.
    pub top: f64,
    /// The cosine from which pairs are at the top: the lower edge of a bin.
    pub threshold: f64,
    /// Pairs at the top.
    pub n_top: u64,
    /// Those among them with the same label.
    pub n_same: u64,
    /// Odds ratio; infinite when all same-label pairs, or no others, are at the top, and 1 when all pairs are.
    pub odds_ratio: f64,
    /// Share of same-label pairs among the top, as a multiple of their share among all pairs.
    pub fold: f64,
}

/// Counts the cosines of all pairs. A zero vector has cosine 0 with everything.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{RowLabels, pair_similarities};
///
/// let profiles = array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]];
/// let pairs = pair_similarities(&profiles, &RowLabels::new(&["A", "A", "B", "B"]))?;
/// assert_eq!((pairs.mean_same, pairs.mean_different, pairs.ks()), (1.0, 0.0, 1.0));
/// assert_eq!(pairs.enrichment(0.3)?.fold, 3.0); // the top two pairs of six are the two of one label
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, fewer than two rows are no control, a value is not finite, or the work
/// was stopped.
pub fn pair_similarities(points: &dyn Points, labels: &RowLabels) -> Result<PairSimilarities> {
    labels.require_rows(points.shape().0, "pair_similarities")?;
    let rows = labels.perturbed_rows();
    let keys = Keys::new(&Subset { points, rows: &rows }, Metric::Cosine)?;
    let codes: Vec<u32> = rows.iter().map(|&row| labels.codes()[row]).collect();
    count_pairs(&keys, &codes, labels.names().len(), Similarity::Cosine)
}

/// The same of rows that are prepared already, with the code of each row's label.
pub(super) fn count_pairs(
    keys: &Keys,
    codes: &[u32],
    labels: usize,
    similarity: Similarity,
) -> Result<PairSimilarities> {
    let sum = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    let (same, different) = scan_pairs(
        keys,
        || (vec![0u64; BINS], vec![0u64; BINS]),
        |(same, different), row, products| {
            for (&product, &code) in products.iter().zip(&codes[row + 1..]) {
                let to = if code == codes[row] { &mut *same } else { &mut *different };
                to[bin(product)] += 1;
            }
        },
        |a, b| (sum(a.0, b.0), sum(a.1, b.1)),
    )?;
    let (mean_same, mean_different) = means(keys, codes, keys.row(0).len(), labels);
    Ok(PairSimilarities { same, different, mean_same, mean_different, n: keys.n(), similarity })
}

fn bin(cosine: f64) -> usize {
    (((cosine + 1.0) / 2.0 * BINS as f64) as usize).min(BINS - 1)
}

/// Mean cosines from sums of unit vectors: the pairs within a group are half of `|sum|^2 - sum |u|^2`.
fn means(keys: &Keys, codes: &[u32], d: usize, labels: usize) -> (f64, f64) {
    let mut sums = vec![(0usize, 0.0, vec![0.0; d]); labels];
    let mut all = (0usize, 0.0, vec![0.0; d]);
    for (row, &code) in codes.iter().enumerate() {
        for sum in [&mut sums[code as usize], &mut all] {
            sum.0 += 1;
            sum.1 += keys.row(row).iter().map(|v| v * v).sum::<f64>();
            sum.2.iter_mut().zip(keys.row(row)).for_each(|(sum, v)| *sum += v);
        }
    }
    let pairs = |(n, own, sum): &(usize, f64, Vec<f64>)| {
        let total = (sum.iter().map(|v| v * v).sum::<f64>() - own) / 2.0;
        (*n as f64 * (*n as f64 - 1.0) / 2.0, total)
    };
    let (n_all, sum_all) = pairs(&all);
    let (n_same, sum_same) = sums.iter().map(pairs).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (sum_same / n_same, (sum_all - sum_same) / (n_all - n_same))
}

impl PairSimilarities {
    /// Pairs with the same label.
    pub fn n_same(&self) -> u64 {
        self.same.iter().sum()
    }

    /// Pairs with different labels.
    pub fn n_different(&self) -> u64 {
        self.different.iter().sum()
    }

    /// The lower edge of a bin.
    pub fn edge(bin: usize) -> f64 {
        2.0 * bin as f64 / BINS as f64 - 1.0
    }

    /// The two-sample Kolmogorov-Smirnov statistic between the two distributions, at the edges of the bins; NaN when
    /// one is empty.
    pub fn ks(&self) -> f64 {
        let (n_same, n_different) = (self.n_same() as f64, self.n_different() as f64);
        if n_same == 0.0 || n_different == 0.0 {
            return f64::NAN;
        }
        let (mut same, mut different, mut most) = (0u64, 0u64, 0.0_f64);
        for (a, b) in self.same.iter().zip(&self.different) {
            (same, different) = (same + a, different + b);
            most = most.max((same as f64 / n_same - different as f64 / n_different).abs());
        }
        most
    }

    /// Enrichment of same-label pairs among the share `top` of the most similar pairs, for instance 0.01.
    ///
    /// The threshold is the lower edge of the bin in which the share is reached: the pairs at the top may be a few
    /// more.
    ///
    /// # Errors
    /// When `top` is not between 0 and 1, or one kind of pair does not occur.
    pub fn enrichment(&self, top: f64) -> Result<Enrichment> {
        let (n_same, n_different) = (self.n_same(), self.n_different());
        if !(top > 0.0 && top < 1.0) || n_same == 0 || n_different == 0 {
            return Err(Error::new(format!(
                "no enrichment at the top {top} of {n_same} pairs with the same label and {n_different} others"
            ))
            .at("enrichment")
            .fix("give a share between 0 and 1, and labels of which some are shared and some are not"));
        }
        let wanted = (top * (n_same + n_different) as f64).max(1.0);
        let (mut same, mut different, mut bin) = (0u64, 0u64, BINS);
        while bin > 0 && ((same + different) as f64) < wanted {
            bin -= 1;
            same += self.same[bin];
            different += self.different[bin];
        }
        let [a, b, c, e] = [same, n_same - same, different, n_different - different].map(|count| count as f64);
        let n_top = same + different;
        Ok(Enrichment {
            top,
            threshold: Self::edge(bin),
            n_top,
            n_same: same,
            odds_ratio: if b == 0.0 && e == 0.0 { 1.0 } else { (a * e) / (b * c) },
            fold: (a / n_top as f64) / (n_same as f64 / (n_same + n_different) as f64),
        })
    }
}
