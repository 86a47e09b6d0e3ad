//! Screens with known ground truth, for teaching, for tests, and for when the real data are out of reach.
//!
//! Simulated genes have made-up symbols (`SIM0001`), so that no result can be mistaken for a finding.
//!
//! | function | what it simulates | what is planted |
//! |---|---|---|
//! | [`gene_embedding`], [`cell_embedding`] | vectors of genes, of cells | complexes, lost arms, shifts of wells |
//! | [`planted_bias`] | vectors of cells on few arms, one gene to a well | lost arms, shifts of wells |
//! | [`ops_images`], [`ops_screen`], [`ops_field`] | pictures of cells in four stains, whole fields | phenotypes, complexes, escaping cells, cell cycle, microscope of each well |
//! | [`perturb_seq`] | negative binomial counts | offsets, complexes, escaping cells, cell cycle, batches |
//! | [`cell_image`] | one small picture | the shape of a cell |
//!
//! Each returns the truth beside the data. Every cell and every kind of effect draws from a random stream of its own: one
//! seed gives the same bits for any number of threads, and a change of one effect leaves the other draws as they were.

mod bias;
mod cells;
mod config;
mod counts;
mod genes;
mod image;
mod karyotype;
mod ops;
mod planted;
mod sets;
mod streams;

pub use bias::{PlantedBiasConfig, planted_bias};
pub use cells::{SimulatedCells, cell_embedding};
pub use config::GeneEmbeddingConfig;
pub use counts::{
    CountCell, CountGene, PerturbSeqConfig, PerturbSeqTruth, PlantedPerturbation, SimulatedCounts, perturb_seq,
};
pub use genes::{SimulatedGenes, gene_embedding};
pub use image::{cell_image, cell_images};
pub use ops::{
    EffectClass, OPS_CHANNELS, OpsBatch, OpsCell, OpsConfig, OpsGene, OpsScreen, OpsTruth, Phase, Phenotype,
    SimulatedField, SimulatedImages, Stage, ops_field, ops_images, ops_screen,
};
pub use planted::{CONTROL, GeneTruth, PlantedGene};
pub(crate) use planted::{Stream, stream};
