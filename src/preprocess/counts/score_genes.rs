//! How much a set of genes is expressed in each cell, beyond genes of similar average expression (Satija et al. 2015;
//! Tirosh et al. 2016).
//!
//! ```text
//! score(cell) = mean of the set's genes - mean of the control genes        of log-normalised expression
//! ```
//!
//! All genes are put in order of their average expression and cut into bins of equal size. From every bin that holds a
//! gene of the set, some genes are drawn at random; those of the set left out, they are the controls. The rules are
//! those of scanpy's `score_genes`: genes with the same average share the lowest of their ranks, a bin is
//! `rank / round(genes / (bins - 1))` without the remainder, and the draw comes before the set's genes are left out.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Csr, GeneMoments};
use crate::{Error, Result};

/// How control genes are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlGenes {
    /// At most this many genes of each bin.
    pub per_bin: usize,
    /// Number of bins of average expression.
    pub bins: usize,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for ControlGenes {
    /// 50 genes of each of 25 bins.
    fn default() -> Self {
        Self { per_bin: 50, bins: 25, seed: 0 }
    }
}

/// The score of the genes numbered `set` in every cell of log-normalised expression ([`super::log_normalised`]).
///
/// ```
/// use perturbook::preprocess::counts::{ControlGenes, Csr, score_genes};
///
/// let expression = Csr::new(vec![0, 4, 8], vec![0, 1, 2, 3, 0, 1, 2, 3], vec![5., 1., 1., 1., 1., 1., 1., 5.], 4)?;
/// let draw = ControlGenes { per_bin: 50, bins: 2, seed: 1 }; // bins of four genes
/// let scores = score_genes(&expression, &[0], draw)?;
/// assert!(scores[0] > scores[1]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the set is empty or names a gene that there is not, `bins` is below 2 or `per_bin` is 0, or no control gene is
/// left.
pub fn score_genes<'a>(expression: impl Into<Csr<'a>>, set: &[usize], draw: ControlGenes) -> Result<Vec<f64>> {
    let expression = expression.into();
    let place = "score of a gene set";
    let set: BTreeSet<usize> = set.iter().copied().collect();
    if let Some(gene) = set.iter().find(|gene| **gene >= expression.genes()) {
        return Err(Error::new(format!("there is no gene number {gene} among {}", expression.genes())).at(place));
    }
    if set.is_empty() {
        return Err(Error::new("the set holds no gene").at(place).fix("check the names of the genes"));
    }
    if draw.bins < 2 || draw.per_bin == 0 {
        return Err(Error::new(format!("{draw:?} draws no control gene")).at(place).fix("use ControlGenes::default()"));
    }
    let mut averages = GeneMoments::new(expression.genes());
    averages.add(&expression)?;
    let controls = control_genes(&averages.mean(), &set, draw);
    if controls.is_empty() {
        return Err(Error::new(format!("no control gene is left beside the {} of the set", set.len()))
            .at(place)
            .fix("score in a matrix with more genes, or draw more of each bin"));
    }
    let mut weights = vec![0.0; expression.genes()];
    set.iter().for_each(|&gene| weights[gene] = 1.0 / set.len() as f64);
    controls.iter().for_each(|&gene| weights[gene] = -1.0 / controls.len() as f64);
    let score = |cell: usize| {
        let (genes, values) = expression.row(cell);
        genes.iter().zip(values).map(|(&gene, &value)| weights[gene as usize] * f64::from(value)).sum()
    };
    Ok((0..expression.cells()).map(score).collect())
}

/// Genes of the set's bins of average expression, without the set.
fn control_genes(averages: &[f64], set: &BTreeSet<usize>, draw: ControlGenes) -> BTreeSet<usize> {
    let per_bin = (averages.len() as f64 / (draw.bins - 1) as f64).round_ties_even().max(1.0) as usize;
    let mut order: Vec<usize> = (0..averages.len()).collect();
    order.sort_by(|&a, &b| averages[a].total_cmp(&averages[b]));
    let mut bins: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut rank = 1;
    for tied in order.chunk_by(|&a, &b| averages[a] == averages[b]) {
        bins.entry(rank / per_bin).or_default().extend(tied);
        rank += tied.len();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(draw.seed);
    let mut controls = BTreeSet::new();
    for genes in bins.values_mut().filter(|genes| genes.iter().any(|gene| set.contains(gene))) {
        genes.sort_unstable();
        let drawn: Vec<usize> = if draw.per_bin < genes.len() {
            genes.sample(&mut rng, draw.per_bin).copied().collect()
        } else {
            genes.clone()
        };
        controls.extend(drawn.into_iter().filter(|gene| !set.contains(gene)));
    }
    controls
}
