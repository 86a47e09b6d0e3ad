//! Bootstrap intervals of a recall curve: how much it would move with other genes, or with another database of
//! relations.
//!
//! * [`Resample::Relations`]: known relations are drawn with replacement, as many as there are; map and thresholds
//!   stay. A relation drawn twice counts twice.
//! * [`Resample::Genes`]: the genes with a relation are drawn with replacement. A gene drawn `w` times stands for `w`
//!   rows: a pair of different genes counts `w_i w_j` times in the null distribution, among the predicted pairs and
//!   among the relations, a gene and its copies belong to the diagonal, and thresholds are taken anew. Genes are what a
//!   screen samples, and pairs of one gene depend on each other: these are the wider and the more honest intervals.
//!
//! Intervals are percentile intervals: the `alpha/2` and `1 - alpha/2` quantiles of the replicates. A replicate that draws
//! no relation, as happens with few genes, has recall 0, and so has the precision of one that predicts nothing.

use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::known::{Cut, Known};
use super::{draw, quantile};
use crate::evaluate::counts::require_count;
use crate::evaluate::{Convention, RecallCurve, Relations, recall_at};
use crate::live::progress;
use crate::screen::Profiles;
use crate::{Error, Result};

/// What is drawn anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resample {
    /// The genes with a known relation.
    #[default]
    Genes,
    /// The known relations.
    Relations,
}

/// Intervals of one point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallInterval {
    /// The percentile.
    pub percentile: f64,
    /// Lower and upper end of recall.
    pub recall: (f64, f64),
    /// Lower and upper end of precision.
    pub precision: (f64, f64),
}

/// A recall curve with intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallBootstrap {
    /// The curve of the map as it is.
    pub curve: RecallCurve,
    /// One entry for each of its points.
    pub intervals: Vec<RecallInterval>,
    /// What was drawn.
    pub resample: Resample,
    /// The probability that the intervals aim at, such as 0.95.
    pub level: f64,
    /// Replicates; fewer than asked for where the work was stopped.
    pub replicates: usize,
}

/// Replicates between two looks at a request to stop.
const AT_ONCE: usize = 64;

/// How the replicates are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BootstrapConfig {
    /// What is drawn anew.
    pub resample: Resample,
    /// How often.
    pub replicates: usize,
    /// The probability that the intervals aim at.
    pub level: f64,
    /// What fixes the draws.
    pub seed: u64,
}

impl Default for BootstrapConfig {
    fn default() -> Self {
        Self { resample: Resample::Genes, replicates: 1_000, level: 0.95, seed: 0 }
    }
}

/// The recall curve of [`recall_at`] with percentile intervals.
///
/// Time per replicate grows with the number of pairs for genes, and with that of relations for relations; 28 bytes are
/// held for each pair of genes with a relation.
///
/// ```
/// use perturbook::evaluate::{BootstrapConfig, Convention, Relations, Resample, recall_bootstrap};
/// use perturbook::simulate::{CONTROL, GeneEmbeddingConfig, gene_embedding};
///
/// let screen = gene_embedding(&GeneEmbeddingConfig::quick())?;
/// let genes = screen.profiles.without(&[CONTROL]).block("salient")?;
/// let known = Relations::from_sets(&screen.truth.gene_sets());
/// let config = BootstrapConfig { resample: Resample::Relations, replicates: 200, ..BootstrapConfig::default() };
/// let sure = recall_bootstrap(&genes, &known, Convention::TwoSided, &[95.0], config)?;
/// let (low, high) = sure.intervals[0].recall;
/// assert!(low < sure.curve.points[0].recall && sure.curve.points[0].recall < high);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`recall_at`], or when there is no replicate, or the level is not between 0 and 1.
pub fn recall_bootstrap(
    profiles: &Profiles,
    relations: &Relations,
    convention: Convention,
    percentiles: &[f64],
    config: BootstrapConfig,
) -> Result<RecallBootstrap> {
    let BootstrapConfig { resample, replicates, level, seed } = config;
    if replicates == 0 || !(level > 0.0 && level < 1.0) {
        return Err(Error::new(format!("{replicates} replicates at a level of {level} give no interval"))
            .at("recall_bootstrap")
            .fix("ask for a thousand replicates at 0.95"));
    }
    require_count(replicates, "replicates", "recall_bootstrap")?;
    let curve = recall_at(profiles, relations, convention, percentiles)?;
    let known = Known::new(profiles, relations, percentiles)?;
    let cuts = known.cuts(convention, percentiles);
    let one = |number: usize| match resample {
        Resample::Relations => of_relations(&known, &cuts, seed, number),
        Resample::Genes => of_genes(&known, convention, percentiles, seed, number),
    };
    let mut drawn: Vec<Vec<(f64, f64)>> = Vec::with_capacity(replicates);
    for first in progress("bootstrap of recall", (0..replicates).step_by(AT_ONCE)) {
        drawn.par_extend((first..(first + AT_ONCE).min(replicates)).into_par_iter().map(one));
    }
    if drawn.is_empty() {
        return Err(Error::new("stopped before the first replicates").at("recall_bootstrap"));
    }
    let tail = (1.0 - level) / 2.0;
    let ends = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        (quantile(&values, tail), quantile(&values, 1.0 - tail))
    };
    let interval = |(k, &percentile): (usize, &f64)| RecallInterval {
        percentile,
        recall: ends(drawn.iter().map(|replicate| replicate[k].0).collect()),
        precision: ends(drawn.iter().map(|replicate| replicate[k].1).collect()),
    };
    let intervals = percentiles.iter().enumerate().map(interval).collect();
    Ok(RecallBootstrap { curve, intervals, resample, level, replicates: drawn.len() })
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Recall and precision at each percentile with relations drawn anew.
fn of_relations(known: &Known, cuts: &[Cut], seed: u64, number: usize) -> Vec<(f64, f64)> {
    let mut rng = draw(seed, number);
    let n = known.edges.len();
    let mut places: Vec<usize> = (0..n)
        .map(|_| {
            let (i, j) = known.edges[rng.random_range(0..n)];
            known.place_of(i, j)
        })
        .collect();
    places.sort_unstable();
    let at = |cut: &Cut| {
        let found = places.partition_point(|&p| p < cut.low) + n - places.partition_point(|&p| p < cut.high);
        let predicted = cut.low + known.distances.len() - cut.high;
        (ratio(found as f64, n as f64), ratio(found as f64, predicted as f64))
    };
    cuts.iter().map(at).collect()
}

/// How often each of `n` genes is drawn.
fn copies(n: usize, seed: u64, number: usize) -> Vec<u64> {
    let mut rng = draw(seed, number);
    let mut copies = vec![0; n];
    (0..n).for_each(|_| copies[rng.random_range(0..n)] += 1);
    copies
}

/// The same with genes drawn anew.
fn of_genes(known: &Known, convention: Convention, percentiles: &[f64], seed: u64, number: usize) -> Vec<(f64, f64)> {
    let copies = copies(known.n, seed, number);
    let weight = |i: usize, j: usize| copies[i] * copies[j];
    // Weights of all pairs up to each place, each pair once.
    let mut sum = 0;
    let mut upto = Vec::with_capacity(known.pairs.len() + 1);
    upto.push(0u64);
    for &(i, j) in &known.pairs {
        sum += weight(i as usize, j as usize);
        upto.push(sum);
    }
    let mut edges: Vec<(usize, u64)> = known.edges.iter().map(|&(i, j)| (known.place_of(i, j), weight(i, j))).collect();
    edges.sort_unstable();
    let mut edges_upto = vec![0u64];
    edges.iter().for_each(|(_, weight)| edges_upto.push(edges_upto.last().copied().unwrap_or(0) + weight));
    let of_edges = |place: usize| edges_upto[edges.partition_point(|&(at, _)| at < place)];
    let (all, positives) = (sum, edges_upto.last().copied().unwrap_or(0));
    let diagonal: u64 = copies.iter().map(|w| w * w).sum();

    // Entry k of the square of all copies, sorted: zeros of the diagonal first, then every distance twice as often.
    let entry = |k: u64| match k.checked_sub(diagonal) {
        None => 0.0,
        Some(k) => known.distances[upto.partition_point(|&upto| 2 * upto <= k) - 1],
    };
    let last = diagonal + 2 * all - 1;
    let percentile_of = |p: f64| {
        let position = last as f64 * p / 100.0;
        let below = (position.floor() as u64).min(last);
        let (low, high) = (entry(below), entry((below + 1).min(last)));
        (low + (high - low) * (position - below as f64)).clamp(low, high)
    };
    let at = |&percentile: &f64| {
        let cut = Cut::new(&known.distances, percentile_of(100.0 - percentile), percentile_of(percentile), convention);
        let predicted = upto[cut.low] + all - upto[cut.high];
        let found = of_edges(cut.low) + positives - of_edges(cut.high);
        (ratio(found as f64, positives as f64), ratio(found as f64, predicted as f64))
    };
    percentiles.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recall and precision of the square matrix of all copies, entry by entry.
    fn by_hand(known: &Known, convention: Convention, percentile: f64, copies: &[u64]) -> (f64, f64) {
        let rows: Vec<usize> = (0..known.n).flat_map(|gene| vec![gene; copies[gene] as usize]).collect();
        let distance = |i: usize, j: usize| if i == j { 0.0 } else { known.distances[known.place_of(i, j)] };
        let mut all: Vec<f64> =
            rows.iter().flat_map(|&i| rows.iter().map(move |&j| (i, j))).map(|(i, j)| distance(i, j)).collect();
        all.sort_unstable_by(f64::total_cmp);
        let (q_low, q_high) = (quantile(&all, 1.0 - percentile / 100.0), quantile(&all, percentile / 100.0));
        let (mut predicted, mut found, mut positives) = (0.0, 0.0, 0.0);
        for &i in &rows {
            for &j in rows.iter().filter(|&&j| j != i) {
                let known = known.edges.contains(&(i.min(j), i.max(j)));
                let high = convention == Convention::TwoSided && distance(i, j) >= q_high;
                let hit = distance(i, j) <= q_low || high;
                predicted += f64::from(u8::from(hit));
                positives += f64::from(u8::from(known));
                found += f64::from(u8::from(hit && known));
            }
        }
        (ratio(found, positives), ratio(found, predicted))
    }

    #[test]
    fn a_replicate_over_genes_is_the_map_of_its_copies() {
        let mut rng = draw(4, 0);
        let n = 41;
        let x = ndarray::Array2::from_shape_simple_fn((n, 5), || rng.random_range(-1.0..1.0));
        let keys: Vec<String> = (0..n).map(|i| format!("G{i}")).collect();
        let profiles = Profiles::new(keys.clone(), x).unwrap();
        let pairs = (0..3 * n).map(|i| (keys[i % n].as_str(), keys[(i * i + 1) % n].as_str()));
        let relations = Relations::from_pairs("some", pairs);
        let percentiles = [75.0, 91.0, 97.0];
        let known = Known::new(&profiles, &relations, &percentiles).unwrap();
        for convention in [Convention::TwoSided, Convention::OneSided] {
            for number in 0..5 {
                let fast = of_genes(&known, convention, &percentiles, 9, number);
                let copies = copies(known.n, 9, number);
                for (fast, &percentile) in fast.iter().zip(&percentiles) {
                    let slow = by_hand(&known, convention, percentile, &copies);
                    let apart = (fast.0 - slow.0).abs().max((fast.1 - slow.1).abs());
                    assert!(apart < 1e-12, "{convention:?}, percentile {percentile}: {fast:?} and {slow:?}");
                }
            }
        }
    }
}
