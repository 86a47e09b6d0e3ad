//! What was planted in a simulated Perturb-seq screen, and the mean that it gives each count.

use crate::simulate::CONTROL;

/// One simulated perturbation.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedPerturbation {
    /// Its made-up symbol. Perturbed genes are not among the measured ones.
    pub symbol: String,
    /// The complex it belongs to, as an index into [`PerturbSeqTruth::complexes`].
    pub complex: Option<usize>,
    /// The mean of s in its cells; zero for a null perturbation.
    pub offset: Vec<f64>,
}

impl PlantedPerturbation {
    /// Whether it does nothing.
    pub fn is_null(&self) -> bool {
        self.offset.iter().all(|&v| v == 0.0)
    }
}

/// One simulated gene that is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct CountGene {
    /// Its made-up symbol.
    pub symbol: String,
    /// Log abundance.
    pub abundance: f64,
    /// Slopes of log abundance along the cosine and the sine of the phase; zero for a gene that does not cycle.
    pub cycle: (f64, f64),
    /// Slopes along s; zero for a gene that does not respond.
    pub response: Vec<f64>,
    /// Inverse dispersion.
    pub theta: f64,
    /// Shift of log abundance in each batch.
    pub batches: Vec<f64>,
}

/// One simulated cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CountCell {
    /// The perturbation, as an index into [`PerturbSeqTruth::perturbations`]; none for a control.
    pub perturbation: Option<usize>,
    /// Number of its guide among those of its perturbation, from 0.
    pub guide: usize,
    /// Its batch, from 0.
    pub batch: usize,
    /// Whether it escaped its perturbation; never true for a control. Makes no difference under a null perturbation.
    pub escaped: bool,
    /// Phase of the cell cycle, an angle in radians from 0 to 2 pi.
    pub phase: f64,
    /// Its offset.
    pub s: Vec<f64>,
    /// Expected number of molecules.
    pub library: f64,
}

/// The ground truth of a simulated Perturb-seq screen.
#[derive(Clone, Debug, PartialEq)]
pub struct PerturbSeqTruth {
    /// The perturbations, in the order of their cells.
    pub perturbations: Vec<PlantedPerturbation>,
    /// For each complex its name and its members as indices into `perturbations`, ascending.
    pub complexes: Vec<(String, Vec<usize>)>,
    /// The measured genes, in the order of the columns.
    pub genes: Vec<CountGene>,
    /// The cells, in the order of the rows.
    pub cells: Vec<CountCell>,
}

impl PerturbSeqTruth {
    /// Expected counts of a cell, gene by gene: `library * softmax(log abundance)`.
    ///
    /// ```
    /// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
    ///
    /// let truth = perturb_seq(&PerturbSeqConfig::quick())?.truth;
    /// let total: f64 = truth.expected(&truth.cells[7]).iter().sum();
    /// assert!((total / truth.cells[7].library - 1.0).abs() < 1e-9);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn expected(&self, cell: &CountCell) -> Vec<f64> {
        let (sin, cos) = cell.phase.sin_cos();
        let abundance = |gene: &CountGene| {
            let along_s: f64 = gene.response.iter().zip(&cell.s).map(|(slope, s)| slope * s).sum();
            let shift = gene.batches.get(cell.batch).copied().unwrap_or(0.0);
            gene.abundance + gene.cycle.0 * cos + gene.cycle.1 * sin + along_s + shift
        };
        let mut expected: Vec<f64> = self.genes.iter().map(abundance).collect();
        let top = expected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        expected.iter_mut().for_each(|v| *v = (*v - top).exp());
        let scale = cell.library / expected.iter().sum::<f64>();
        expected.iter_mut().for_each(|v| *v *= scale);
        expected
    }

    /// The symbol of a cell's perturbation, or the label of the control.
    pub fn symbol_of(&self, cell: &CountCell) -> &str {
        let perturbation = cell.perturbation.and_then(|p| self.perturbations.get(p));
        perturbation.map_or(CONTROL, |perturbation| &perturbation.symbol)
    }
}
