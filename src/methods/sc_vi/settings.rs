//! Settings of scVI.

use serde::{Deserialize, Serialize};

use crate::methods::counts::{CountSettings, GeneChoice, Keep, Learning, Optimiser, Sampling};
use crate::nn::counts::Likelihood;

/// Settings of scVI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Dimensions of the latent space.
    pub latent: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// The share of hidden units that a training step leaves out of the encoder.
    pub dropout: f64,
    /// The distribution of counts.
    pub likelihood: Likelihood,
    /// Epochs in which the weight of the KL term rises from 0 to 1; 0: it is 1 from the start.
    pub warm_up: f64,
    /// Genes that are read.
    pub genes: GeneChoice,
    /// Whether the decoder reads the batch.
    pub batch_covariate: bool,
    /// Shares of training, validation and test cells of the control and of every perturbation.
    pub shares: [f64; 3],
    /// Seed of the split.
    pub split_seed: u64,
    /// Cells of a step.
    pub batch_size: usize,
    /// Settings of Adam.
    pub optimiser: Optimiser,
    /// Which weights are kept.
    pub keep: Keep,
}

impl Default for Settings {
    /// Those of scvi-tools: 10 dimensions, 128 hidden units, dropout 0.1, a warm-up of 400 epochs, 128 cells a step, Adam
    /// with rate 0.001, the last weights. Here counts are negative binomial (there with additional zeros), so that
    /// likelihoods compare with SC-VAE's, genes are the 2,000 most variable ones, and the split is 80/10/10 % as SC-VAE's
    /// (there 90 % train), so that methods learn from the same cells.
    fn default() -> Self {
        Self {
            latent: 10,
            hidden: 128,
            dropout: 0.1,
            likelihood: Likelihood::NegativeBinomial,
            warm_up: 400.0,
            genes: GeneChoice::default(),
            batch_covariate: false,
            shares: [0.8, 0.1, 0.1],
            split_seed: 0,
            batch_size: 128,
            optimiser: Optimiser::default(),
            keep: Keep::Last,
        }
    }
}

impl CountSettings for Settings {
    fn learning(&self) -> Learning {
        Learning {
            genes: self.genes.clone(),
            batch_covariate: self.batch_covariate,
            shares: self.shares,
            split_seed: self.split_seed,
            batch_size: self.batch_size,
            sampling: Sampling::Uniform,
            optimiser: self.optimiser,
            warm_up: self.warm_up,
            keep: self.keep,
            widths: vec![("latent", self.latent), ("hidden", self.hidden)],
            dropout: self.dropout,
        }
    }
}
