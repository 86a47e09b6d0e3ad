//! Recall of maps without information: the names of the genes are shuffled among the genes with a relation.
//!
//! The map, its thresholds and the shape of the graph stay; only which gene is which is lost. The p-value is the share
//! of shuffled maps that recall at least as much, see [`EmpiricalP`]; `overall` takes the mean recall over all
//! percentiles for the statistic, one test for the whole curve. Where all genes with a relation are related to each other,
//! or all pairs are equally similar, every shuffled map recalls as much and `p = 1`.

use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::known::{Cut, Known};
use super::{draw, quantile};
use crate::evaluate::counts::require_count;
use crate::evaluate::{Convention, EmpiricalP, RecallCurve, Relations, empirical_p, recall_at};
use crate::live::progress;
use crate::screen::Profiles;
use crate::{Error, Result};

/// What shuffled maps recall at one percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermutedRecall {
    /// The percentile.
    pub percentile: f64,
    /// Their mean recall: the random baseline.
    pub mean: f64,
    /// Their 2.5 % quantile.
    pub low: f64,
    /// Their 97.5 % quantile.
    pub high: f64,
    /// Their mean precision.
    pub precision: f64,
    /// The recall of the map among theirs.
    pub p: EmpiricalP,
}

/// A recall curve against shuffled maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallPermutation {
    /// The curve of the map.
    pub curve: RecallCurve,
    /// One entry for each of its points.
    pub points: Vec<PermutedRecall>,
    /// The mean recall over all percentiles among theirs.
    pub overall: EmpiricalP,
    /// Shuffled maps; fewer than asked for where the work was stopped.
    pub permutations: usize,
}

/// Permutations between two looks at a request to stop.
const AT_ONCE: usize = 64;

/// The recall curve of [`recall_at`] against that of `permutations` maps under shuffled names.
///
/// ```
/// use perturbook::evaluate::{Convention, Relations, recall_permutation};
/// use perturbook::simulate::{CONTROL, GeneEmbeddingConfig, gene_embedding};
///
/// let screen = gene_embedding(&GeneEmbeddingConfig::quick())?;
/// let genes = screen.profiles.without(&[CONTROL]).block("salient")?;
/// let known = Relations::from_sets(&screen.truth.gene_sets());
/// let null = recall_permutation(&genes, &known, Convention::TwoSided, &[90.0, 95.0], 99, 1)?;
/// assert_eq!(null.overall.p_plus_one, 0.01); // none of 99 shuffled maps recalls as much
/// assert!((null.points[1].mean - 0.1).abs() < 0.02);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`recall_at`], or when there is no permutation or no percentile.
pub fn recall_permutation(
    profiles: &Profiles,
    relations: &Relations,
    convention: Convention,
    percentiles: &[f64],
    permutations: usize,
    seed: u64,
) -> Result<RecallPermutation> {
    require_count(permutations, "permutations", "recall_permutation")?;
    let curve = recall_at(profiles, relations, convention, percentiles)?;
    let known = Known::new(profiles, relations, percentiles)?;
    let cuts = known.cuts(convention, percentiles);
    let mut shuffled: Vec<Vec<f64>> = Vec::with_capacity(permutations);
    for first in progress("permutations of recall", (0..permutations).step_by(AT_ONCE)) {
        let some = first..(first + AT_ONCE).min(permutations);
        shuffled.par_extend(some.into_par_iter().map(|number| recalled(&known, &cuts, seed, number)));
    }
    if shuffled.is_empty() || percentiles.is_empty() {
        return Err(Error::new("without permutations or percentiles there is nothing to compare with")
            .at("recall_permutation")
            .fix("ask for 999 permutations"));
    }
    let mut points = Vec::with_capacity(percentiles.len());
    for (k, point) in curve.points.iter().enumerate() {
        let mut null: Vec<f64> = shuffled.iter().map(|of_map| of_map[k]).collect();
        let p = empirical_p(point.recall, &null)?;
        null.sort_unstable_by(f64::total_cmp);
        let mean = null.iter().sum::<f64>() / null.len() as f64;
        let predicted = (cuts[k].low + known.distances.len() - cuts[k].high) as f64;
        let precision = if predicted > 0.0 { mean * known.edges.len() as f64 / predicted } else { 0.0 };
        let (low, high) = (quantile(&null, 0.025), quantile(&null, 0.975));
        points.push(PermutedRecall { percentile: point.percentile, mean, low, high, precision, p });
    }
    let of_curve = |recall: &mut dyn Iterator<Item = f64>| recall.sum::<f64>() / percentiles.len() as f64;
    let observed = of_curve(&mut curve.points.iter().map(|point| point.recall));
    let null: Vec<f64> = shuffled.iter().map(|of_map| of_curve(&mut of_map.iter().copied())).collect();
    let overall = empirical_p(observed, &null)?;
    Ok(RecallPermutation { curve, points, overall, permutations: shuffled.len() })
}

/// Recall at each percentile under shuffled names.
fn recalled(known: &Known, cuts: &[Cut], seed: u64, number: usize) -> Vec<f64> {
    let mut name: Vec<usize> = (0..known.n).collect();
    name.shuffle(&mut draw(seed, number));
    let places: Vec<usize> = known.edges.iter().map(|&(i, j)| known.place_of(name[i], name[j])).collect();
    let found = |cut: &Cut| places.iter().filter(|&&place| cut.predicts(place)).count();
    cuts.iter().map(|cut| found(cut) as f64 / places.len() as f64).collect()
}
