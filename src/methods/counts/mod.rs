//! What the methods of Perturb-seq counts share: SC-VAE, ContrastiveVI, scVI, and principal components as the baseline.
//!
//! ```text
//! Screen -> genes, classes, batches -> split -> steps of raw counts -> CountModel
//! CountModel -> embedding | denoised expression | log-likelihoods | effects of perturbations
//! ```
//!
//! A [`CountModel`] holds a network and the names of what it reads. [`sc_vae::Model`](super::sc_vae::Model),
//! [`contrastive_vi::Model`](super::contrastive_vi::Model) and [`sc_vi::Model`](super::sc_vi::Model) are its three kinds,
//! told apart by their [`CountNetwork`].

mod best;
mod effects;
mod exact;
mod file;
mod fitting;
mod genes;
mod learner;
mod model;
mod network;
mod pca;
mod reader;
mod sampler;
mod settings;
mod vocabulary;

pub use effects::{Effects, PSEUDOCOUNT};
pub use genes::GeneChoice;
pub use model::{Code, CountModel};
pub use network::{CountNetwork, Memory, NoMemory, StepInput, StepLoss};
pub use pca::{ExpressionPca, expression_pca};
pub use settings::{CountSettings, Keep, Learning, Optimiser, Sampling, default_epochs};
pub use vocabulary::Vocabulary;

pub(super) use exact::{exact, from_exact};
