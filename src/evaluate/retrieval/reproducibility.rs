//! Replicate reproducibility by pairs: the share of replicate pairs that look more alike than others do.
//!
//! ```text
//! threshold        = quantile q of the similarities of all pairs with different labels    (q = 0.95, linear interpolation)
//! reproducibility  = #{pairs of one label with similarity > threshold} / #{pairs of one label}
//! ```
//!
//! The convention is that of cytominer-eval ("replicate reproducibility", earlier "percent strong"): pairs are counted,
//! each once, so that a label of `m` rows weighs `m (m - 1) / 2`, and the null is made of pairs. It is another number than
//! [`percent_strong`](super::percent_strong), which counts labels, by the median over their pairs against the medians of
//! random groups. With labels that replicates share it is called percent replicating, with the mechanism of action of
//! compounds percent matching.
//!
//! Rows with the label of a control take no part; cytominer-eval compares all rows, which is what labels without marked
//! controls do. Rows without direction (constant ones under Pearson) are left out and counted.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::labels::RowLabels;
use super::likeness::{ComparedPairs, Similarity};
use super::pair_cuts::{Among, Place, cuts};
use super::pairs::{PairSimilarities, count_pairs};
use super::scan::scan_pairs;
use super::strong::percentile;
use crate::reduce::Points;
use crate::{Error, Result};

/// Rows of a label up to which its pairs are listed to find their median.
const LISTED: usize = 1024;

/// How pairs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReproducibilityConfig {
    /// Similarity of two rows: Pearson.
    pub similarity: Similarity,
    /// Quantile of the similarities of pairs with different labels that a replicate pair must exceed: 0.95.
    pub quantile: f64,
}

impl Default for ReproducibilityConfig {
    fn default() -> Self {
        Self { similarity: Similarity::Pearson, quantile: 0.95 }
    }
}

/// The pairs of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedGroup {
    /// The label.
    pub label: String,
    /// Its rows, at least two.
    pub n: usize,
    /// Its pairs above the threshold, of `n (n - 1) / 2`.
    pub n_above: u64,
    /// Median similarity of its pairs.
    pub median: f64,
}

/// Reproducibility of replicates by pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicateReproducibility {
    /// Share of the pairs of one label that are above the threshold, from 0 to 1; by chance about `1 - quantile`.
    pub share: f64,
    /// The quantile of the pairs with different labels.
    pub threshold: f64,
    /// Pairs of one label above it.
    pub n_above: u64,
    /// Labels of at least two rows, in their order.
    pub groups: Vec<PairedGroup>,
    /// Labels of a single row, which have no pair.
    pub n_single: usize,
    /// Rows without direction, left out.
    pub n_left_out: usize,
    /// All similarities, in bins.
    pub pairs: PairSimilarities,
    /// How pairs were compared.
    pub config: ReproducibilityConfig,
}

/// Compares pairs of one label with pairs of different ones.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{ReproducibilityConfig, RowLabels, replicate_reproducibility};
///
/// let wells = array![[1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [3.0, 1.0, 0.0], [4.0, 1.0, 1.0], [0.0, 5.0, 0.0], [1.0, 0.0, 1.0]];
/// let compounds = RowLabels::new(&["taxol", "taxol", "DMSO", "DMSO", "nocodazole", "nocodazole"]);
/// let found = replicate_reproducibility(&wells, &compounds, &ReproducibilityConfig::default())?;
/// assert_eq!((found.n_above, found.share), (2, 2.0 / 3.0)); // the two wells of nocodazole are opposite
/// assert_eq!(found.groups[1].median, -1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, the quantile is not above 0 and at most 1, a value is not finite, no label
/// is shared or all rows share one (controls and rows without direction apart), or the work was stopped.
pub fn replicate_reproducibility(
    points: &dyn Points,
    labels: &RowLabels,
    config: &ReproducibilityConfig,
) -> Result<ReplicateReproducibility> {
    let place = "replicate_reproducibility";
    labels.require_rows(points.shape().0, place)?;
    if !(config.quantile > 0.0 && config.quantile <= 1.0) {
        return Err(Error::new(format!("{} is no quantile to exceed", config.quantile))
            .at(place)
            .fix("give a share above 0 and at most 1; 0.95 is usual"));
    }
    let ComparedPairs { keys, codes, pairs, left_out } = ComparedPairs::new(points, labels, config.similarity, place)?;
    let (n_same, n_different) = (pairs.n_same(), pairs.n_different());
    let at = Place::of(n_different, config.quantile, 1);
    let cut = cuts(&keys, &codes, &pairs, Among::Different, &[at])?[0];
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); labels.names().len()];
    codes.iter().enumerate().for_each(|(row, &code)| members[code as usize].push(row as u32));
    let n_single = members.iter().filter(|rows| rows.len() == 1).count();
    let shared: Vec<(usize, &Vec<u32>)> = members.iter().enumerate().filter(|(_, rows)| rows.len() > 1).collect();
    let groups: Result<Vec<PairedGroup>> = shared
        .into_par_iter()
        .map(|(label, rows)| {
            let (n_above, median) = group(&keys.select(rows), cut.threshold, LISTED)?;
            Ok(PairedGroup { label: labels.names()[label].clone(), n: rows.len(), n_above, median })
        })
        .collect();
    Ok(ReplicateReproducibility {
        share: cut.same as f64 / n_same as f64,
        threshold: cut.threshold,
        n_above: cut.same,
        groups: groups?,
        n_single,
        n_left_out: left_out,
        pairs,
        config: *config,
    })
}

/// Pairs above the threshold, and the median of all: from a list of them, or in passes when there are too many.
fn group(keys: &Keys, threshold: f64, listed: usize) -> Result<(u64, f64)> {
    let n = keys.n();
    let exact = |i: usize, j: usize| keys.exact(i, j).clamp(-1.0, 1.0);
    if n <= listed {
        let mut all: Vec<f64> =
            (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| exact(i, j)).collect();
        all.sort_unstable_by(f64::total_cmp);
        let above = all.len() - all.partition_point(|&value| value <= threshold);
        return Ok((above as u64, percentile(&all, 50.0)));
    }
    let codes = vec![0; n];
    let pairs = count_pairs(keys, &codes, 1, Similarity::Cosine)?;
    let median = cuts(keys, &codes, &pairs, Among::All, &[Place::of(pairs.n_same(), 0.5, 1)])?[0].threshold;
    let above = scan_pairs(
        keys,
        || 0u64,
        |above, row, products| {
            for (other, &product) in (row + 1..).zip(products) {
                let clear = (product - threshold).abs() > keys.slack;
                *above += u64::from(if clear { product > threshold } else { exact(row, other) > threshold });
            }
        },
        |a, b| a + b,
    )?;
    Ok((above, median))
}

#[cfg(test)]
mod tests {
    use super::super::likeness::Compared;
    use super::*;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_label_of_many_rows_is_measured_as_one_of_few() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for levels in [4, 1000] {
            let x = Array2::from_shape_simple_fn((131, 5), || f64::from(rng.random_range(0..levels)));
            let compared = Compared::new(&x, (0..131).collect(), Similarity::Pearson, "test").unwrap();
            for threshold in [0.5, 0.0, 1.0, compared.keys.exact(3, 9)] {
                let (above, median) = group(&compared.keys, threshold, LISTED).unwrap();
                let (same, other) = group(&compared.keys, threshold, 10).unwrap();
                assert_eq!(above, same);
                assert!((median - other).abs() < 1e-15, "{median} {other}");
            }
        }
    }
}
