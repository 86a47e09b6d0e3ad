//! A simulated Perturb-seq screen: negative binomial counts of molecules, cell by gene.
//!
//! A cell has a phase phi of the cell cycle, spread evenly over a circle, and an offset s (two dimensions or more) that
//! is `N(offset of its perturbation, offset_noise^2)`, or `N(0, offset_noise^2)` for controls, escaped cells and null
//! perturbations. With f the expected share of molecules and l the size of its library,
//!
//! ```text
//! log f_g = abundance_g + a_g cos(phi) + b_g sin(phi) + response_g . s + batch_g + constant,   sum of f = 1
//! x_g     ~ NB(mean l f_g, variance mean + mean^2 / theta_g)
//! ```
//!
//! This is the generative model that contrastive models of Perturb-seq assume, with the circle as their background and
//! s as their salient variable. Measured genes, responding and cycling ones among them, are made up.

mod config;
mod design;
mod draw;
mod table;
mod truth;

use polars::prelude::DataFrame;

pub use config::PerturbSeqConfig;
pub use truth::{CountCell, CountGene, PerturbSeqTruth, PlantedPerturbation};

use crate::Result;

/// Simulated counts and what was planted in them.
#[derive(Clone, Debug)]
pub struct SimulatedCounts {
    /// Names of the measured genes, the columns.
    pub genes: Vec<String>,
    /// Where each cell's entries begin in `indices` and `values`; one more than cells.
    pub indptr: Vec<u64>,
    /// For each stored count its gene, ascending within a cell.
    pub indices: Vec<u32>,
    /// Stored counts, none of them 0; whole numbers.
    pub values: Vec<f32>,
    /// One row for each cell: `cell`, `gene` (the perturbed one), `guide`, `batch`.
    pub cells: DataFrame,
    /// What was planted.
    pub truth: PerturbSeqTruth,
}

/// Simulates counts: perturbations in order with the null ones among them, the non-targeting control last.
///
/// ```
/// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
///
/// let screen = perturb_seq(&PerturbSeqConfig::quick())?;
/// assert_eq!((screen.cells.height(), screen.genes.len()), (1000, 300));
/// assert_eq!(screen.indptr.len(), 1001);
/// assert_eq!(screen.truth.perturbations.iter().filter(|p| p.is_null()).count(), 2);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn perturb_seq(config: &PerturbSeqConfig) -> Result<SimulatedCounts> {
    config.check()?;
    let truth = design::plan(config);
    let rows = draw::draw(config, &truth)?;
    Ok(SimulatedCounts {
        genes: truth.genes.iter().map(|gene| gene.symbol.clone()).collect(),
        indptr: rows.indptr,
        indices: rows.indices,
        values: rows.values,
        cells: table::cells(&truth)?,
        truth,
    })
}

impl SimulatedCounts {
    /// Genes and counts of one cell; none for a cell that is not there.
    pub fn row(&self, cell: usize) -> (&[u32], &[f32]) {
        match (self.indptr.get(cell), self.indptr.get(cell + 1)) {
            (Some(&from), Some(&to)) => {
                let span = from as usize..to as usize;
                (&self.indices[span.clone()], &self.values[span])
            }
            _ => (&[], &[]),
        }
    }
}
