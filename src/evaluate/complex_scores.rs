//! How well vectors of genes know complexes: the columns of GRAPE's Tables 1 and 2.
//!
//! | number | how |
//! |---|---|
//! | mAP | [`mean_average_precision`] of genes of the same complex, by the cosine |
//! | purity, NMI, ARI | k-means with as many clusters as complexes from 100 random starts, [`cluster_runs`]; mean and standard deviation |
//!
//! Only genes of a complex count.

use serde::{Deserialize, Serialize};

use super::clustering::{ClusterConfig, Spread, cluster_runs, in_one_set};
use super::{GeneSets, PrecisionConfig, RowLabels, mean_average_precision};
use crate::Result;
use crate::screen::Profiles;

/// What vectors know of complexes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComplexScores {
    /// Genes that were scored.
    pub genes: usize,
    /// Mean average precision of genes of the same complex.
    pub map: f64,
    /// The same for random orders.
    pub map_by_chance: f64,
    /// Purity of the clusters.
    pub purity: Spread,
    /// Their normalised mutual information with the complexes.
    pub nmi: Spread,
    /// Their adjusted Rand index, 0 by chance.
    pub ari: Spread,
}

/// The scores of vectors (named by genes) for complexes that do not overlap; `seed` is that of the starts.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{GeneSets, complex_scores};
/// use perturbook::screen::Profiles;
///
/// let genes = ["A", "B", "C", "D"].map(String::from).to_vec();
/// let vectors = Profiles::new(genes, array![[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])?;
/// let complexes = GeneSets::new("toy", [("first", vec!["A", "B"]), ("second", vec!["C", "D"])]);
/// let scores = complex_scores(&vectors, &complexes, 0)?;
/// assert_eq!((scores.genes, scores.map), (4, 1.0));
/// assert!(scores.ari.mean > 0.6); // some starts end with a cluster of one
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no gene or an ambiguous one is in a complex, none has a partner, or a value is not finite.
pub fn complex_scores(vectors: &Profiles, complexes: &GeneSets, seed: u64) -> Result<ComplexScores> {
    let (vectors, truth) = in_one_set(vectors, complexes)?;
    let precision = mean_average_precision(&vectors, &RowLabels::new(&truth), &PrecisionConfig::default())?;
    let runs = cluster_runs(&vectors, &truth, &ClusterConfig { seed, ..ClusterConfig::default() })?;
    Ok(ComplexScores {
        genes: vectors.len(),
        map: precision.mean_over_queries,
        map_by_chance: precision.random,
        purity: runs.purity(),
        nmi: runs.nmi(),
        ari: runs.ari(),
    })
}
