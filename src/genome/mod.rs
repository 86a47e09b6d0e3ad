//! Where genes lie: chromosomes, chromosome arms, positions, and tables of them.
//!
//! CRISPR nucleases that cut a chromosome can lose a whole arm, so knock-outs of genes on one arm look alike
//! whatever the genes do: proximity bias (Lazar et al. 2024). Everything that measures or corrects it starts from a
//! [`Genome`], which says for each gene symbol its chromosome, position and arm.

mod arm;
mod centromeres;
mod genes;
mod genome_map;

pub use arm::{Arm, Chromosome, Side};
pub use centromeres::{Centromeres, Cytobands};
pub use genes::{GeneTable, OnDuplicate, Span, SymbolFilter};
pub use genome_map::{Genome, Locus, Placement};
