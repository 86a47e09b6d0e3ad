//! Do the genes of a complex look alike? Cosines inside gene sets against cosines elsewhere.
//!
//! Two tests, both by the two-sample Kolmogorov-Smirnov statistic:
//!
//! * [`set_coherence`] (Wang et al. 2023, Multi-ContrastiveVAE): one number for each set, the mean cosine between its
//!   genes, against the same for an equally large set drawn **with replacement** from the genes of all sets (a gene
//!   drawn twice contributes a cosine of 1);
//! * [`cluster_ks`] (EFAAR benchmarks, Celik et al. 2024): for each large set, the cosines between its genes against
//!   the cosines between them and all other genes.

use ndarray::{ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::cosine::{mean_off_diagonal, unit_rows};
use crate::evaluate::{CosinePairs, GeneSets, KsTest, ks_test};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Mean cosines inside sets and inside random draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetCoherence {
    /// Position of each tested set in the collection: those with at least two genes in the map.
    pub sets: Vec<usize>,
    /// Mean cosine between the genes of each tested set.
    pub inside: Vec<f64>,
    /// The same for a random draw of as many genes.
    pub drawn: Vec<f64>,
    /// `inside` against `drawn`.
    pub ks: KsTest,
}

/// Mean cosine inside each gene set against random draws from the genes of all sets; `seed` fixes the draws.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{GeneSets, set_coherence};
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C", "D"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])?;
/// let sets = GeneSets::new("toy", [("first", vec!["A", "B"]), ("second", vec!["C", "D", "E"])]);
/// assert_eq!(set_coherence(&p, &sets, 0)?.inside, [1.0, 1.0]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Sets with fewer than two genes in the map are left out. Where all genes look alike the two samples are equal: statistic
/// 0 and `p = 1`.
///
/// # Errors
/// When no set has two genes in the map.
pub fn set_coherence(profiles: &Profiles, sets: &GeneSets, seed: u64) -> Result<SetCoherence> {
    let members = sets.rows(profiles.keys());
    let mut nodes: Vec<usize> = members.iter().filter(|rows| rows.len() > 1).flatten().copied().collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draws: Vec<Vec<usize>> = members
        .iter()
        .filter(|rows| rows.len() > 1)
        .map(|rows| rows.iter().map(|_| nodes[rng.random_range(0..nodes.len())]).collect())
        .collect();
    set_coherence_of_draws(profiles.values(), &members, &draws)
}

/// The same for explicit `members` and `draws`, as rows of `values` (`n x d`); one draw for each set with at least two
/// members, in their order.
///
/// A zero vector has cosine 0 with everything, itself included.
///
/// # Errors
/// When no set has two members, the number of draws differs from the number of such sets, a draw has fewer than two rows,
/// a row does not exist, or a value is not finite.
pub fn set_coherence_of_draws(
    values: ArrayView2<'_, f64>,
    members: &[Vec<usize>],
    draws: &[Vec<usize>],
) -> Result<SetCoherence> {
    let sets: Vec<usize> = (0..members.len()).filter(|&set| members[set].len() > 1).collect();
    if sets.is_empty() {
        return Err(Error::new(format!("none of the {} gene sets has two genes in the map", members.len()))
            .at("set_coherence")
            .fix("name the profiles by the gene symbols that the sets use"));
    }
    if draws.len() != sets.len() {
        return Err(Error::new(format!("{} draws for {} sets of two or more genes", draws.len(), sets.len()))
            .at("set_coherence_of_draws")
            .fix("give one draw for each such set"));
    }
    if let Some(row) = members.iter().chain(draws).flatten().find(|row| **row >= values.nrows()) {
        return Err(Error::new(format!("there is no row {row} among {}", values.nrows()))
            .at("set_coherence_of_draws")
            .fix("name members and draws by their rows, counted from 0"));
    }
    if let Some(((row, column), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(Error::new(format!("a value is {value}"))
            .at(format!("set_coherence_of_draws, row {row}, column {column}"))
            .fix("drop or impute rows that are not finite"));
    }
    let units = unit_rows(values);
    let mean = |rows: &Vec<usize>| {
        mean_off_diagonal(units.select(Axis(0), rows).view())
            .ok_or_else(|| Error::new("a draw of fewer than two genes has no mean cosine").at("set_coherence_of_draws"))
    };
    let inside = sets.iter().map(|&set| mean(&members[set])).collect::<Result<Vec<f64>>>()?;
    let drawn = draws.iter().map(mean).collect::<Result<Vec<f64>>>()?;
    let ks = ks_test(&inside, &drawn)?;
    Ok(SetCoherence { sets, inside, drawn, ks })
}

/// Outcome for one gene set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterKs {
    /// Position of the set in the collection.
    pub set: usize,
    /// Its name.
    pub name: String,
    /// Its genes in the map.
    pub n_genes: usize,
    /// Cosines inside the set against cosines to all other genes.
    pub ks: KsTest,
}

/// Tests every set with at least `min_genes` genes in the map (the paper uses 10) that leaves a gene outside.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{GeneSets, cluster_ks};
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C", "D"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.0, 3.0]])?;
/// let sets = GeneSets::new("toy", [("first", vec!["A", "B"])]);
/// assert_eq!(cluster_ks(&p, &sets, 2)?[0].ks.statistic, 1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// A set that all genes belong to has none to compare with and is left out. Where all pairs are equally similar the
/// statistic is 0 and `p = 1`.
///
/// # Errors
/// When no set is large enough.
pub fn cluster_ks(profiles: &Profiles, sets: &GeneSets, min_genes: usize) -> Result<Vec<ClusterKs>> {
    let members = sets.rows(profiles.keys());
    let tested: Vec<usize> = (0..members.len())
        .filter(|&set| members[set].len() >= min_genes.max(2) && members[set].len() < profiles.len())
        .collect();
    if tested.is_empty() {
        return Err(Error::new(format!("none of the {} gene sets has {min_genes} genes in the map", sets.len()))
            .at(format!("the gene sets {:?}", sets.name()))
            .fix("lower min_genes, or name the profiles by the gene symbols that the sets use"));
    }
    let pairs = CosinePairs::new(profiles.values());
    tested
        .into_par_iter()
        .map(|set| {
            let rows = &members[set];
            let mut is_member = vec![false; profiles.len()];
            rows.iter().for_each(|&row| is_member[row] = true);
            let others: Vec<usize> = (0..profiles.len()).filter(|&row| !is_member[row]).collect();
            let inside: Vec<f64> =
                rows.iter().enumerate().flat_map(|(k, &row)| pairs.row(row, &rows[k + 1..])).collect();
            let outside: Vec<f64> = rows.iter().flat_map(|&row| pairs.row(row, &others)).collect();
            let ks = ks_test(&inside, &outside)?;
            Ok(ClusterKs { set, name: sets.sets()[set].name.clone(), n_genes: rows.len(), ks })
        })
        .collect()
}
