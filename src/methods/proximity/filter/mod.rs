//! The proximity-bias filter: a scorer for each chromosome learns which cells make the genes of an arm look alike, and these
//! cells go (Lazar et al. 2024, section 3; specification, section 1).
//!
//! ```text
//! cells of wells -> Scorer -> SoftChoice (T grows) -> well, plate, experiment, gene means -> mean cosine of each arm
//! afterwards        score = max_j Z_j -> the highest-scoring share of each well goes
//! ```
//!
//! | | |
//! |---|---|
//! | [`FilterConfig`] | weak and strong filter, and where removal stops |
//! | [`Wells`], [`CellVectors`] | which cells belong together, and their vectors in memory or in a file |
//! | [`ChromosomeFilter`] | one chromosome |
//! | [`Filtered`] | all chromosomes in one call, with the controls: by chance, and with swapped chromosomes |
//! | [`Power`] | how strong the bias must be, and how many cells there must be, for it to be found |
//! | [`Sensitivity`] | how much the result hangs on settings and seed |
//! | [`ArmClassified`] | the rival that removes the cells by which a classifier tells their arm |

mod arm_classifier;
mod chromosome;
mod config;
mod input;
mod power;
mod run;
mod sampler;
mod scale;
mod sensitivity;
mod stop;
mod training;
mod vectors;
mod wells;

pub use arm_classifier::{ArmClassified, ArmClassifierConfig};
pub use chromosome::ChromosomeFilter;
pub use config::{FilterConfig, Stop};
pub use input::FilterInput;
pub use power::Power;
pub use run::{Filtered, agreement};
pub use sensitivity::{Sensitivity, Setting};
pub use vectors::{CellVectors, NpyRows};
pub use wells::{Well, Wells};
