//! The simulated screen at the level of single cells: the model of [`gene_embedding`](super::gene_embedding), cell by
//! cell, for methods that look at cells.

use ndarray::{Array2, ArrayView1};
use polars::prelude::{Column, DataFrame};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::GeneEmbeddingConfig;
use super::planted::{CONTROL, GeneTruth, Planted, Stream, stream};
use crate::screen::Embedding;
use crate::{Error, Result};

/// Simulated cells and what was planted in them.
#[derive(Clone, Debug)]
pub struct SimulatedCells {
    /// One row for each cell, with the columns `gene`, `guide` and `well`; blocks `salient` and `background`. Genes
    /// come in order, the non-targeting control last.
    pub embedding: Embedding,
    /// What was planted.
    pub truth: GeneTruth,
    /// Whether each cell lost the arm of its gene; never true for a control.
    pub biased: Vec<bool>,
}

/// Simulates single cells: `genes * guides * cells_per_guide` targeted ones and
/// `control_guides * cells_per_guide` controls.
///
/// With the same configuration, genes, complexes and effects are those of
/// [`gene_embedding`](super::gene_embedding); the draws of noise and of biased cells are not.
///
/// ```
/// use perturbook::simulate::{GeneEmbeddingConfig, cell_embedding};
///
/// let screen = cell_embedding(&GeneEmbeddingConfig::quick())?;
/// assert_eq!(screen.embedding.len(), 200 * 4 * 15 + 10 * 15);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn cell_embedding(config: &GeneEmbeddingConfig) -> Result<SimulatedCells> {
    let planted = Planted::new(config)?;
    let n = (config.genes * config.guides + config.control_guides) * config.cells_per_guide;
    let zero = ndarray::Array1::<f64>::zeros(config.dims());
    let mut values = Array2::<f32>::zeros((n, config.dims()));
    let (mut genes, mut guides, mut wells) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mut biased = Vec::with_capacity(n);
    let mut bias = stream(config.seed, Stream::Bias);
    let mut noise = stream(config.seed, Stream::Noise);

    for gene in 0..=config.genes {
        let target = planted.truth.genes.get(gene);
        let symbol = target.map_or(CONTROL, |t| t.symbol.as_str());
        let n_guides = if target.is_some() { config.guides } else { config.control_guides };
        for cell in 0..n_guides * config.cells_per_guide {
            let well = cell % config.wells;
            let lost = target.is_some() && bias.random_bool(config.biased);
            let mean: ArrayView1<'_, f64> = match target {
                None => zero.view(),
                Some(_) if lost => planted.arm_effect(gene),
                Some(_) => planted.effects.row(gene),
            };
            let shift = planted.wells.row(well);
            for ((to, mean), shift) in values.row_mut(biased.len()).iter_mut().zip(mean).zip(shift) {
                *to = (mean + shift + config.noise * noise.sample::<f64, _>(StandardNormal)) as f32;
            }
            genes.push(symbol.to_owned());
            guides.push(format!("{symbol}_{}", cell / config.cells_per_guide + 1));
            wells.push(format!("W{}", well + 1));
            biased.push(lost);
        }
    }
    let table = DataFrame::new(
        n,
        vec![Column::new("gene".into(), genes), Column::new("guide".into(), guides), Column::new("well".into(), wells)],
    )
    .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))?;
    let embedding = Embedding::new(values, table)?
        .with_block("salient", 0..config.salient_dims)?
        .with_block("background", config.salient_dims..config.dims())?;
    Ok(SimulatedCells { embedding, truth: planted.truth, biased })
}
