//! Recall of known relations as in the EFAAR benchmarks (Celik et al. 2024): by rank among the cosines of all pairs.
//!
//! The null distribution is the cosines of **all** pairs of profiles, annotated or not; the query is the cosine of each
//! known pair. `rank_left = #(null < q) / N`, `rank_right = #(null <= q) / N`; a pair is recalled at thresholds
//! `(low, high)` when `rank_right <= low` or `rank_left >= high`. No precision is defined.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::recall::check_not_empty;
use crate::evaluate::{CosinePairs, Relations};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Recall at one pair of thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRecall {
    /// Pairs ranked at or below this share of the null are recalled.
    pub low: f64,
    /// Pairs ranked at or above this share of the null are recalled.
    pub high: f64,
    /// Pairs recalled on either side.
    pub n_recalled: usize,
    /// Share of the known pairs recalled on either side.
    pub recall: f64,
    /// Share of the known pairs recalled on the upper side (similar pairs).
    pub recall_upper: f64,
    /// Recall of a map without any information, both sides: `low + 1 - high`.
    pub random_expectation: f64,
}

/// Ranks and recall of queries within a null distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankRecall {
    /// Size of the null distribution.
    pub null_size: usize,
    /// Share of the null below each query.
    pub rank_left: Vec<f64>,
    /// Share of the null at or below each query.
    pub rank_right: Vec<f64>,
    /// One entry for each pair of thresholds.
    pub thresholds: Vec<ThresholdRecall>,
}

/// Ranks of `query` within `null`, and the share recalled at each `(low, high)`.
///
/// ```
/// use perturbook::evaluate::rank_recall;
///
/// let found = rank_recall(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0, 5.0], &[(0.1, 0.9), (0.2, 0.8)])?;
/// assert_eq!(found.thresholds[0].recall, 0.0);
/// assert_eq!(found.thresholds[1].recall, 1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Where all values are equal no query is on either side, and nothing is recalled.
///
/// # Errors
/// When one of the two is empty or holds NaN, or a threshold is not from 0 to 1.
pub fn rank_recall(null: &[f64], query: &[f64], thresholds: &[(f64, f64)]) -> Result<RankRecall> {
    if null.is_empty() || query.is_empty() {
        return Err(Error::new(format!("{} queries cannot be ranked among {} values", query.len(), null.len()))
            .at("rank_recall")
            .fix("both need at least one value: two profiles, and one known relation between them"));
    }
    if null.iter().chain(query).any(|v| v.is_nan()) {
        return Err(Error::new("a value is NaN and has no rank").at("rank_recall").fix("drop missing values first"));
    }
    let share = |v: f64| (0.0..=1.0).contains(&v);
    if let Some((low, high)) = thresholds.iter().find(|(low, high)| !share(*low) || !share(*high)) {
        return Err(Error::new(format!("({low}, {high}) are no thresholds"))
            .at("rank_recall")
            .fix("give shares of the null from 0 to 1, such as (0.05, 0.95)"));
    }
    let mut null = null.to_vec();
    null.par_sort_unstable_by(f64::total_cmp);
    let size = null.len() as f64;
    let rank_left: Vec<f64> = query.iter().map(|q| null.partition_point(|v| v < q) as f64 / size).collect();
    let rank_right: Vec<f64> = query.iter().map(|q| null.partition_point(|v| v <= q) as f64 / size).collect();
    let thresholds = thresholds
        .iter()
        .map(|&(low, high)| {
            let upper = rank_left.iter().filter(|&&left| left >= high).count();
            let both =
                rank_left.iter().zip(&rank_right).filter(|&(&left, &right)| right <= low || left >= high).count();
            ThresholdRecall {
                low,
                high,
                n_recalled: both,
                recall: both as f64 / query.len() as f64,
                recall_upper: upper as f64 / query.len() as f64,
                random_expectation: (low + 1.0 - high).min(1.0),
            }
        })
        .collect();
    Ok(RankRecall { null_size: null.len(), rank_left, rank_right, thresholds })
}

/// Recall of the known `relations` at each `(low, high)`; the papers use `(0.05, 0.95)` and `(0.1, 0.9)`. The ranks are
/// in the order of the edges of `relations.among(profiles.keys())`.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Relations, efaar_recall};
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.1], [1.0, 0.0], [0.0, 1.0]])?;
/// let known = Relations::from_pairs("toy", [("A", "B")]);
/// let found = efaar_recall(&p, &known, &[(0.2, 0.6)])?;
/// assert_eq!(found.null_size, 3);
/// assert_eq!(found.thresholds[0].recall, 1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// A zero vector has cosine 0 with everything; where all pairs are equally similar nothing is recalled.
///
/// # Errors
/// When no relation connects two of the profiles, or a threshold is not from 0 to 1.
pub fn efaar_recall(profiles: &Profiles, relations: &Relations, thresholds: &[(f64, f64)]) -> Result<RankRecall> {
    let graph = relations.among(profiles.keys());
    check_not_empty(&graph, relations, profiles)?;
    let pairs = CosinePairs::new(profiles.values());
    let query: Vec<f64> = graph.edges().iter().map(|&(i, j)| pairs.get(i, j)).collect();
    rank_recall(pairs.values(), &query, thresholds)
}
