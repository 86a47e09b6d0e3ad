//! Percent strong, also called percent replicating: the share of replicate groups that look alike.
//!
//! A group are the rows of one label. It is strong when the median of its pairwise cosines is above the 95th percentile
//! (linear interpolation) of the medians of random groups:
//!
//! ```text
//! percent strong = 100 * #{groups: median cosine > percentile_95(null medians of this size)} / #{groups}
//! ```
//!
//! A random group has as many rows, drawn without replacement and from different labels (from all of them in turn, when
//! there are fewer labels than rows); controls are neither a group nor drawn. The null depends on the size alone, so
//! groups of one size share it. Of a group of more than [`MOST`] rows that many are drawn, once, and compared.

use std::collections::BTreeMap;

use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::keys::{Keys, dot};
use super::labels::RowLabels;
use crate::evaluate::counts::require_count;
use crate::reduce::{Metric, Points};
use crate::{Error, Result};

/// Rows of a group that are compared at most.
pub const MOST: usize = 64;
/// The percentile of the null above which a group is strong.
const PERCENTILE: f64 = 95.0;

/// One replicate group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicateGroup {
    /// The label its rows share.
    pub label: String,
    /// Its rows.
    pub n: usize,
    /// Median cosine over its pairs.
    pub median: f64,
    /// 95th percentile of the medians of random groups of this size.
    pub threshold: f64,
    /// `(1 + #{null >= median}) / (1 + draws)`.
    pub p: f64,
}

impl ReplicateGroup {
    /// Whether the group is above its threshold.
    pub fn is_strong(&self) -> bool {
        self.median > self.threshold
    }
}

/// Reproducibility of all replicate groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PercentStrong {
    /// Share of the groups that are strong, from 0 to 100.
    pub percent: f64,
    /// Labels of at least two rows, in their order.
    pub groups: Vec<ReplicateGroup>,
    /// Labels of a single row, which are no group.
    pub n_single: usize,
    /// Medians of the random groups, all sizes one after the other.
    pub null: Vec<f64>,
    /// Random groups of each size.
    pub draws: usize,
}

/// Compares the median cosine of each label's rows with `draws` random groups of its size (1,000 are usual). A zero vector
/// has cosine 0 with everything; where all pairs are equally similar no group is strong, and all p-values are 1.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{RowLabels, percent_strong};
///
/// let profiles = array![[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [-1.0, 0.1], [0.3, -1.0]];
/// let labels = RowLabels::new(&["A", "A", "B", "B", "C", "C"]);
/// let strong = percent_strong(&profiles, &labels, 200, 1)?;
/// assert_eq!(strong.percent, 200.0 / 3.0); // the rows of C point apart
/// assert!(strong.groups[2].median < 0.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, a value is not finite, no label has two rows, there is only one label, or
/// no draw is asked for.
pub fn percent_strong(points: &dyn Points, labels: &RowLabels, draws: usize, seed: u64) -> Result<PercentStrong> {
    let place = "percent_strong";
    labels.require_rows(points.shape().0, place)?;
    if draws == 0 {
        return Err(Error::new("no random group was asked for").at(place).fix("draw 1,000"));
    }
    require_count(draws, "draws", place)?;
    let keys = Keys::new(points, Metric::Cosine)?;
    let members = labels.members();
    let perturbed: Vec<usize> =
        (0..members.len()).filter(|&label| !labels.is_control_code(label) && !members[label].is_empty()).collect();
    let groups: Vec<usize> = perturbed.iter().copied().filter(|&label| members[label].len() > 1).collect();
    if groups.is_empty() || perturbed.len() < 2 {
        return Err(Error::new(format!("{} of {} labels have replicates", groups.len(), perturbed.len()))
            .at(place)
            .fix("a null needs two labels besides the controls, and one of them at least two rows"));
    }
    let pools: Vec<&[u32]> = perturbed.iter().map(|&label| members[label].as_slice()).collect();
    let mut nulls: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for size in groups.iter().map(|&label| members[label].len().min(MOST)) {
        nulls.entry(size).or_default();
    }
    for (&size, null) in &mut nulls {
        *null = (0..draws)
            .into_par_iter()
            .map(|draw| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(((size as u64) << 40) | draw as u64);
                median_cosine(&keys, &random_group(&pools, size, &mut rng))
            })
            .collect();
        null.par_sort_unstable_by(f64::total_cmp);
    }
    let group = |&label: &usize| {
        let rows = &members[label];
        let size = rows.len().min(MOST);
        let null = &nulls[&size];
        let median = if rows.len() > MOST {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream((1 << 63) | label as u64);
            let drawn: Vec<u32> = sample(&mut rng, rows.len(), MOST).iter().map(|at| rows[at]).collect();
            median_cosine(&keys, &drawn)
        } else {
            median_cosine(&keys, rows)
        };
        let above = draws - null.partition_point(|&drawn| drawn < median);
        ReplicateGroup {
            label: labels.names()[label].clone(),
            n: rows.len(),
            median,
            threshold: percentile(null, PERCENTILE),
            p: (1 + above) as f64 / (1 + draws) as f64,
        }
    };
    let groups: Vec<ReplicateGroup> = groups.par_iter().map(group).collect();
    let strong = groups.iter().filter(|group| group.is_strong()).count();
    Ok(PercentStrong {
        percent: 100.0 * strong as f64 / groups.len() as f64,
        n_single: perturbed.len() - groups.len(),
        groups,
        null: nulls.into_values().flatten().collect(),
        draws,
    })
}

/// `size` different rows, from different labels while there are any left.
fn random_group(pools: &[&[u32]], size: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut rows: Vec<u32> = Vec::with_capacity(size);
    while rows.len() < size {
        for label in sample(rng, pools.len(), pools.len().min(size - rows.len())) {
            let left: Vec<u32> = pools[label].iter().copied().filter(|row| !rows.contains(row)).collect();
            if !left.is_empty() {
                rows.push(left[rng.random_range(0..left.len())]);
            }
        }
    }
    rows
}

/// Median over the pairs of some rows.
fn median_cosine(keys: &Keys, rows: &[u32]) -> f64 {
    let mut cosines: Vec<f64> = Vec::with_capacity(rows.len() * rows.len() / 2);
    for (at, &row) in rows.iter().enumerate() {
        let others = &rows[at + 1..];
        cosines
            .extend(others.iter().map(|&other| dot(keys.row(row as usize), keys.row(other as usize)).clamp(-1.0, 1.0)));
    }
    cosines.sort_unstable_by(f64::total_cmp);
    percentile(&cosines, 50.0)
}

/// Percentile of sorted values by linear interpolation at `(n - 1) p / 100`; NaN of none.
pub(in crate::evaluate) fn percentile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = last as f64 * p / 100.0;
    let below = position.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    low + position.fract() * (high - low)
}
