//! Pictures of a simulated optical pooled screen: four stains of single cells, genes that change them, and wells that
//! change them for no biological reason.
//!
//! A crop shows about 32 um around a nucleus, as a 20x lens does with 100 pixels. Its channels are DNA damage
//! (gamma-H2AX), F-actin (phalloidin), DNA (DAPI) and microtubules (anti-tubulin), in the order of Funk et al. 2022.
//!
//! ```text
//! gene, guide -> escaped?  -> phenotypes and strengths -\
//! place in the mix of phases -> phase, stage of mitosis --> shape -> four stains -> microscope of the well -> pixels
//! ```
//!
//! Phenotypes come in two classes: those that add a structure which no control shows (salient in the sense of a
//! contrastive model), and those that only move cells between phases of the cell cycle, each cell looking like a control
//! of its phase (a shift of background states). Illumination, gain, offset, focus and noise of wells, the cell cycle and
//! neighbours are background.

mod body;
mod config;
mod crop;
mod design;
mod field;
mod optics;
mod outline;
mod paint;
mod phase;
mod phenotype;
mod screen;
mod sheet;
mod table;
mod truth;

pub use config::OpsConfig;
pub use field::{SimulatedField, ops_field};
pub use phase::{Phase, Stage};
pub use phenotype::Phenotype;
pub use screen::{OPS_CHANNELS, OpsScreen, SimulatedImages, ops_images, ops_screen};
pub use truth::{EffectClass, OpsBatch, OpsCell, OpsGene, OpsTruth};
