//! Do the replicates of a perturbation agree? Their mean cosine against what chance or negative controls give.
//!
//! ```text
//! consistency = mean over unordered pairs of replicates of cos(x_i, x_j)
//! ```
//!
//! The null statistics are those of negative-control perturbations (unexpressed genes in the EFAAR benchmarks), or of
//! sets of as many rows drawn without replacement from all rows. The p-value is right-sided and given with and without
//! the plus one, see [`EmpiricalP`]; the adjusted one is Benjamini and Hochberg's of those with it.

use ndarray::{Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::adjust::{Adjustment, adjusted};
use super::cells::{checked, one_label_each, rows_by_label, rows_of, selected};
use super::empirical::{EmpiricalP, empirical_p};
use crate::evaluate::counts::require_count;
use crate::evaluate::{mean_off_diagonal, unit_rows};
use crate::{Error, Result};

/// Where null statistics come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsistencyNull {
    /// The replicates of these negative-control perturbations, which are not tested themselves.
    Controls(Vec<String>),
    /// For each number of replicates, so many sets of rows drawn from all rows.
    Draws {
        /// How many sets.
        n: usize,
        /// What fixes them.
        seed: u64,
    },
}

/// One tested perturbation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicateConsistency {
    /// The perturbation.
    pub name: String,
    /// Its replicates.
    pub n: usize,
    /// Their mean cosine, -1 to 1, against the null statistics.
    pub p: EmpiricalP,
    /// `p.p_plus_one` adjusted over all tested perturbations.
    pub p_adjusted: f64,
}

/// All tested perturbations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicateTests {
    /// In order of first appearance.
    pub perturbations: Vec<ReplicateConsistency>,
    /// Perturbations with a single replicate.
    pub untested: Vec<String>,
    /// The null statistics; for draws those of all numbers of replicates.
    pub null: Vec<f64>,
    /// Where they come from.
    pub source: ConsistencyNull,
}

impl ReplicateTests {
    /// The share of tested perturbations whose adjusted p-value is at most `alpha`; 0 where that is NaN.
    pub fn share_consistent(&self, alpha: f64) -> f64 {
        let hits = self.perturbations.iter().filter(|test| test.p_adjusted <= alpha).count();
        hits as f64 / self.perturbations.len() as f64
    }
}

/// Tests every perturbation with at least two replicates: `replicates` is `n x d`, one row for each, and `labels[i]`
/// the perturbation of row i. A zero vector has cosine 0 with everything.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{ConsistencyNull, replicate_consistency};
///
/// let x = array![[1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
/// let null = ConsistencyNull::Controls(vec!["nt".into()]);
/// let tests = replicate_consistency(x.view(), &["A", "A", "nt", "nt"], &null)?;
/// assert_eq!((tests.perturbations[0].p.observed, tests.null[0]), (1.0, 0.0));
/// assert_eq!((tests.perturbations[0].p.p, tests.perturbations[0].p.p_plus_one), (0.0, 0.5));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When labels and rows differ in number, a value is not finite, no perturbation has two replicates, a negative control
/// does not occur or none of them has two, or there is no draw.
pub fn replicate_consistency<V: Copy + Into<f64>, S: AsRef<str>>(
    replicates: ArrayView2<'_, V>,
    labels: &[S],
    null: &ConsistencyNull,
) -> Result<ReplicateTests> {
    let place = "replicate_consistency";
    one_label_each(replicates.nrows(), labels.len(), place)?;
    checked(replicates, place, 2)?;
    if let ConsistencyNull::Draws { n, .. } = null {
        require_count(*n, "draws", place)?;
    }
    let units = unit_rows(selected(replicates, &(0..replicates.nrows()).collect::<Vec<_>>()).view());
    let mean = |rows: &[usize]| mean_off_diagonal(units.select(Axis(0), rows).view()).unwrap_or(f64::NAN);
    let groups = rows_by_label(labels);
    let controls: &[String] = if let ConsistencyNull::Controls(names) = null { names } else { &[] };
    let mut null_of_controls = Vec::new();
    for name in controls {
        let rows = rows_of(&groups, name, place)?;
        null_of_controls.extend((rows.len() > 1).then(|| mean(rows)));
    }
    let (tested, single): (Vec<_>, Vec<_>) =
        groups.iter().filter(|(name, _)| !controls.contains(name)).partition(|(_, rows)| rows.len() > 1);
    if tested.is_empty() {
        return Err(Error::new("no perturbation has two replicates").at(place).fix("label rows by perturbation"));
    }
    let mut sizes: Vec<usize> = tested.iter().map(|(_, rows)| rows.len()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let nulls: Vec<Vec<f64>> = match null {
        ConsistencyNull::Controls(_) => vec![null_of_controls; sizes.len()],
        ConsistencyNull::Draws { n, seed } => sizes.par_iter().map(|&size| drawn(&units, size, *n, *seed)).collect(),
    };
    let mut tests = Vec::with_capacity(tested.len());
    for (name, rows) in tested {
        let of_size = sizes.binary_search(&rows.len()).unwrap_or(0);
        let p = empirical_p(mean(rows), &nulls[of_size]).map_err(|e| e.at(format!("{place}, {name:?}")))?;
        tests.push(ReplicateConsistency { name: name.clone(), n: rows.len(), p, p_adjusted: f64::NAN });
    }
    let plus_one: Vec<f64> = tests.iter().map(|test| test.p.p_plus_one).collect();
    for (test, p) in tests.iter_mut().zip(adjusted(&plus_one, Adjustment::BenjaminiHochberg)?) {
        test.p_adjusted = p;
    }
    let null_values = match null {
        ConsistencyNull::Controls(_) => nulls.into_iter().next().unwrap_or_default(),
        ConsistencyNull::Draws { .. } => nulls.concat(),
    };
    let untested = single.into_iter().map(|(name, _)| name.clone()).collect();
    Ok(ReplicateTests { perturbations: tests, untested, null: null_values, source: null.clone() })
}

/// Mean cosines of `n` sets of `size` rows; each size has random numbers of its own.
fn drawn(units: &Array2<f64>, size: usize, n: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(size as u64);
    (0..n)
        .filter_map(|_| {
            // In the order of the rows, as those of a perturbation are: equal sets have equal sums.
            let mut rows = sample(&mut rng, units.nrows(), size).into_vec();
            rows.sort_unstable();
            mean_off_diagonal(units.select(Axis(0), &rows).view())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn draws_follow_their_seed_and_singles_are_named() {
        let x = array![[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.2], [0.3, -1.0]];
        let labels = ["A", "A", "B", "C", "D"];
        let test = |seed| replicate_consistency(x.view(), &labels, &ConsistencyNull::Draws { n: 50, seed }).unwrap();
        assert_eq!(test(1), test(1));
        assert_ne!(test(1).null, test(2).null);
        assert_eq!(test(1).untested, ["B", "C", "D"]);
        assert!(test(1).perturbations[0].p.p < 0.3 && test(1).share_consistent(1.0) == 1.0);
        let none = ConsistencyNull::Draws { n: 0, seed: 1 };
        assert!(replicate_consistency(x.view(), &labels, &none).is_err());
        let foreign = ConsistencyNull::Controls(vec!["nt".into()]);
        assert!(replicate_consistency(x.view(), &labels, &foreign).unwrap_err().to_string().contains("nt"));
        assert!(replicate_consistency(x.view(), &labels[..4], &none).is_err());
    }
}
