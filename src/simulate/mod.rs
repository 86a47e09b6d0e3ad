//! Screens with known ground truth, for teaching, for tests, and for when the real data are out of reach.
//!
//! Simulated genes have made-up symbols (`SIM0001`), so that no result can be mistaken for a finding.

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
