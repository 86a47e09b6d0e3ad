//! The linear baseline: principal components of normalised log counts.
//!
//! ```text
//! y_ig = ln(1 + 10^4 x_ig / sum of all counts of cell i),   centred, not scaled
//! ```
//!
//! Counts are normalised over all genes, and then the chosen ones are taken: those that the autoencoders read. An embedding
//! has one block, `latent`.

use ndarray::Array2;

use super::GeneChoice;
use super::reader::counts_of;
use crate::preprocess::counts::COUNTS_PER;
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Counts, Embedding, Screen};
use crate::{Error, Result};

/// Principal components of log counts of some cells, for these and other cells.
///
/// ```
/// use perturbook::methods::counts::{ExpressionPca, GeneChoice};
/// use perturbook::screen::{Counts, Screen};
/// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
///
/// let simulated = perturb_seq(&PerturbSeqConfig::quick())?;
/// let counts = Counts::new(simulated.genes, simulated.indptr, simulated.indices, simulated.values)?;
/// let screen = Screen::new(simulated.cells, counts)?;
/// let pca = ExpressionPca::fit(&screen.controls()?, &GeneChoice::Variable(100), 10)?;
/// let embedding = pca.embed(&screen)?;
/// assert_eq!((embedding.len(), embedding.dims(), embedding.block_names()), (1000, 10, vec!["latent"]));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionPca {
    genes: Vec<String>,
    pca: Pca,
}

impl ExpressionPca {
    /// The first `components` of these cells.
    ///
    /// # Errors
    /// When the screen holds no counts, genes cannot be chosen, a count is negative, or there are fewer components.
    pub fn fit(cells: &Screen, genes: &GeneChoice, components: usize) -> Result<Self> {
        let genes = genes.choose(cells)?;
        let values = log_counts(cells, &genes)?;
        Ok(Self { pca: Pca::fit(values.view(), Components::Count(components))?, genes })
    }

    /// The scores of the cells of a screen.
    ///
    /// # Errors
    /// When the screen lacks a gene or holds no counts.
    pub fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let scores = self.pca.transform(log_counts(screen, &self.genes)?.view())?.mapv(|v| v as f32);
        let dims = scores.ncols();
        Embedding::new(scores, screen.table().clone())?.with_block("latent", 0..dims)
    }

    /// The genes that it reads.
    pub fn genes(&self) -> &[String] {
        &self.genes
    }

    /// The components.
    pub fn pca(&self) -> &Pca {
        &self.pca
    }
}

/// The first principal components of a screen's own cells; [`ExpressionPca`] keeps training and test cells apart.
///
/// # Errors
/// As [`ExpressionPca::fit`].
pub fn expression_pca(screen: &Screen, genes: &GeneChoice, components: usize) -> Result<Embedding> {
    ExpressionPca::fit(screen, genes, components)?.embed(screen)
}

/// Normalised log counts of these genes, `n x genes`.
fn log_counts(screen: &Screen, genes: &[String]) -> Result<Array2<f32>> {
    let counts = counts_of(screen)?;
    let columns = super::reader::columns(counts, genes)?;
    let mut values = Array2::zeros((screen.len(), genes.len()));
    for (row, mut to) in values.rows_mut().into_iter().enumerate() {
        let cell = screen.source_row(row);
        let (genes, of_cell) = counts.row(cell);
        require_counts(counts, cell, of_cell)?;
        let library: f64 = of_cell.iter().map(|&count| f64::from(count)).sum();
        let factor = if library > 0.0 { COUNTS_PER / library } else { 0.0 };
        for (&gene, &count) in genes.iter().zip(of_cell) {
            if let Some(to) = to.get_mut(columns[gene as usize] as usize) {
                *to = (f64::from(count) * factor).ln_1p() as f32;
            }
        }
    }
    Ok(values)
}

fn require_counts(counts: &Counts, cell: usize, values: &[f32]) -> Result<()> {
    let Some(at) = values.iter().position(|&value| value < 0.0) else { return Ok(()) };
    Err(Error::new(format!("a count is {}", values[at]))
        .at(format!("cell {cell}, gene {:?}", counts.genes()[counts.row(cell).0[at] as usize]))
        .fix("give raw counts, not centred or scaled values"))
}
