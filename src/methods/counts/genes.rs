//! Which genes a model reads.

use serde::{Deserialize, Serialize};

use super::reader::counts_of;
use crate::preprocess::counts::variable_genes_among;
use crate::screen::Screen;
use crate::{Error, Result};

/// A choice of genes. The paper of SC-VAE does not say which it takes; 2,000 variable ones keep steps fast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneChoice {
    /// All of them.
    All,
    /// So many of those that vary most over the training cells ([`variable_genes_among`], Seurat v3); all where there are no
    /// more.
    Variable(usize),
    /// These.
    Named(Vec<String>),
}

impl Default for GeneChoice {
    /// The 2,000 most variable genes.
    fn default() -> Self {
        Self::Variable(2_000)
    }
}

impl GeneChoice {
    /// The names of the chosen genes, in the order of the screen (of the list where they are named).
    ///
    /// # Errors
    /// When the screen holds no raw counts, the choice is empty, or too few genes vary (see [`variable_genes_among`]).
    pub fn choose(&self, cells: &Screen) -> Result<Vec<String>> {
        let counts = counts_of(cells)?;
        let all = counts.genes();
        let chosen = match self {
            Self::Named(names) => names.clone(),
            Self::Variable(top) if *top > 0 && *top < all.len() => {
                let rows: Vec<usize> = (0..cells.len()).map(|row| cells.source_row(row)).collect();
                let mut chosen = variable_genes_among(&**counts, &rows, *top)?;
                chosen.sort_unstable();
                chosen.into_iter().map(|gene| all[gene].clone()).collect()
            }
            Self::Variable(0) => Vec::new(),
            Self::All | Self::Variable(_) => all.to_vec(),
        };
        if chosen.is_empty() {
            return Err(Error::new("no gene is chosen").at("setting genes").fix("choose at least one gene"));
        }
        Ok(chosen)
    }
}
