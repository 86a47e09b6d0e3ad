//! Counts of molecules, cells x genes: normalisation, filters, variable genes, expression and cell-cycle scores.
//!
//! Matrices are sparse by rows ([`Csr`]): what a cell holds is read without the zeros.
//!
//! | function | what it does | source |
//! |---|---|---|
//! | [`library_sizes`], [`log_normalised`] | counts per 10,000, `ln(1 + x)` | Seurat and scanpy practice |
//! | [`CellFilter`], [`genes_in_cells`], [`guides_with_cells`] | drop what was hardly measured | |
//! | [`variable_genes`] | most variable genes after a variance-stabilising fit | Stuart et al. 2019 (Seurat v3) |
//! | [`zfpkm`] | expressed or not, from the shape of the distribution | Hart et al. 2013 |
//! | [`cell_cycle`] | S and G2/M scores and a phase per cell | Tirosh et al. 2016 |
//!
//! ```
//! use perturbook::preprocess::counts::{Csr, library_sizes, log_normalised};
//!
//! let counts = Csr::new(vec![0, 2, 3], vec![0, 2, 1], vec![3.0, 1.0, 5.0], 3)?; // two cells, three genes
//! assert_eq!(library_sizes(&counts), [4.0, 5.0]);
//! let normalised = log_normalised(&counts, 1e4)?;
//! assert_eq!(normalised.row(0).1[0], 7501f32.ln()); // 3 of 4 molecules
//! # Ok::<(), perturbook::Error>(())
//! ```

pub mod cell_cycle;
pub mod loess;

mod csr;
mod filter;
mod library;
mod moments;
mod score_genes;
mod variable_genes;
mod zfpkm;

pub use csr::Csr;
pub use filter::{CellFilter, KeptGuides, cells_per_gene, genes_in_cells, genes_per_cell, guides_with_cells};
pub use library::{COUNTS_PER, library_sizes, log_normalised};
pub use moments::GeneMoments;
pub use score_genes::{ControlGenes, score_genes};
pub use variable_genes::{VariableGenes, variable_genes, variable_genes_among};
pub use zfpkm::{Zfpkm, zfpkm};
