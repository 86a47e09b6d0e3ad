//! Planted complexes as gene sets.

use super::{OpsTruth, PerturbSeqTruth};
use crate::evaluate::GeneSets;

impl OpsTruth {
    /// The complexes as gene sets.
    ///
    /// ```
    /// use perturbook::simulate::{OpsConfig, ops_screen};
    ///
    /// let screen = ops_screen(&OpsConfig::quick())?;
    /// assert_eq!(screen.truth().gene_sets().len(), 4);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn gene_sets(&self) -> GeneSets {
        sets(&self.complexes, |row| self.genes[row].symbol.clone())
    }
}

impl PerturbSeqTruth {
    /// The complexes as gene sets of perturbed genes.
    ///
    /// ```
    /// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
    ///
    /// assert_eq!(perturb_seq(&PerturbSeqConfig::quick())?.truth.gene_sets().len(), 2);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn gene_sets(&self) -> GeneSets {
        sets(&self.complexes, |row| self.perturbations[row].symbol.clone())
    }
}

fn sets(complexes: &[(String, Vec<usize>)], symbol: impl Fn(usize) -> String) -> GeneSets {
    let symbols = |rows: &[usize]| -> Vec<String> { rows.iter().map(|&row| symbol(row)).collect() };
    GeneSets::new("simulated complexes", complexes.iter().map(|(name, rows)| (name.clone(), symbols(rows))))
        .with_terms("simulated: these genes and complexes do not exist")
}
