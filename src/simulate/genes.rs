//! The simulated screen at the level of genes: the mean over each gene's cells, without simulating the cells.
//!
//! A cell of gene g in well w is
//!
//! ```text
//! x = m + shift(w) + noise * N(0, I),   m = effect(g) with probability 1 - biased, else arm(g)
//! ```
//!
//! (the planted model of Appendix A of the proximity-bias paper: a biased cell shows the lost arm instead of the
//! knock-out). Of M cells with B ~ Binomial(M, biased) biased ones the mean is exactly distributed as
//!
//! ```text
//! (1 - B/M) effect(g) + (B/M) arm(g) + mean shift + noise / sqrt(M) * N(0, I)
//! ```

use ndarray::{Array2, Axis, s};
use rand::RngExt;
use rand_distr::{Binomial, Distribution, StandardNormal};

use super::GeneEmbeddingConfig;
use super::planted::{CONTROL, GeneTruth, Planted, Stream, stream};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Simulated profiles and what was planted in them.
#[derive(Clone, Debug)]
pub struct SimulatedGenes {
    /// One row for each gene and, last, the non-targeting control `nontargeting`; blocks `salient` and `background`.
    pub profiles: Profiles,
    /// What was planted.
    pub truth: GeneTruth,
    /// The fraction of each gene's cells that lost the arm, in the order of the genes.
    pub biased_fraction: Vec<f64>,
}

/// Simulates gene profiles, `(genes + 1) x d`.
///
/// Complexes show mostly in the salient block, well shifts only in the background block, lost arms in both (see
/// [`GeneEmbeddingConfig`]).
///
/// ```
/// use perturbook::simulate::{GeneEmbeddingConfig, gene_embedding};
///
/// let screen = gene_embedding(&GeneEmbeddingConfig::quick())?;
/// assert_eq!((screen.profiles.len(), screen.profiles.dims()), (201, 64));
/// assert_eq!(screen.truth.complexes.len(), 15);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn gene_embedding(config: &GeneEmbeddingConfig) -> Result<SimulatedGenes> {
    let planted = Planted::new(config)?;
    let (n, d) = (config.genes, config.dims());
    let cells = config.cells_per_gene();
    let lost = Binomial::new(cells as u64, config.biased)
        .map_err(|e| Error::new(format!("cannot draw biased cells: {e}")).at("setting biased").caused_by(e))?;
    let mut bias = stream(config.seed, Stream::Bias);
    let biased_fraction: Vec<f64> = (0..n).map(|_| lost.sample(&mut bias) as f64 / cells as f64).collect();

    let mut values = Array2::<f64>::zeros((n + 1, d));
    for (gene, &fraction) in biased_fraction.iter().enumerate() {
        let mut row = values.row_mut(gene);
        row.scaled_add(1.0 - fraction, &planted.effects.row(gene));
        row.scaled_add(fraction, &planted.arm_effect(gene));
    }
    let mut noise = stream(config.seed, Stream::Noise);
    for (gene, mut row) in values.rows_mut().into_iter().enumerate() {
        let cells = if gene < n { cells } else { config.control_guides * config.cells_per_guide };
        let scale = config.noise / (cells as f64).sqrt();
        row += &mean_shift(&planted.wells, cells);
        row.mapv_inplace(|v| v + scale * noise.sample::<f64, _>(StandardNormal));
    }
    let keys = planted.truth.genes.iter().map(|gene| gene.symbol.clone()).chain([CONTROL.to_owned()]).collect();
    let profiles = Profiles::new(keys, values)?
        .with_block("salient", 0..config.salient_dims)?
        .with_block("background", config.salient_dims..d)?;
    Ok(SimulatedGenes { profiles, truth: planted.truth, biased_fraction })
}

/// Mean shift of cells that are dealt to the wells in turn.
fn mean_shift(wells: &Array2<f64>, cells: usize) -> ndarray::Array1<f64> {
    let (rounds, rest) = (cells / wells.nrows(), cells % wells.nrows());
    let all = wells.sum_axis(Axis(0)) * rounds as f64;
    (all + wells.slice(s![..rest, ..]).sum_axis(Axis(0))) / cells as f64
}
