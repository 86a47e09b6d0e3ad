//! Settings that every method of counts has, under the same names.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::GeneChoice;
use crate::screen::Shares;
use crate::train::{AdamConfig, Schedule, Step};
use crate::{Error, Result};

/// The settings of Adam that scvi-tools trains with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimiser {
    /// Learning rate.
    pub rate: f64,
    /// Weight decay, added to gradients.
    pub decay: f64,
    /// What is added to the root in Adam's denominator.
    pub epsilon: f64,
}

impl Default for Optimiser {
    /// Rate 0.001, decay 1e-6, epsilon 0.01.
    fn default() -> Self {
        Self { rate: 1e-3, decay: 1e-6, epsilon: 0.01 }
    }
}

impl Optimiser {
    pub(super) fn adam(&self) -> AdamConfig {
        AdamConfig { rate: self.rate, decay: self.decay, epsilon: self.epsilon, ..AdamConfig::default() }
    }
}

/// Which weights a model keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those of the lowest validation loss, of which there is one after each part of an epoch.
    Best,
    /// Those after the last step.
    #[default]
    Last,
}

/// Which cells a step sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Every cell once an epoch.
    #[default]
    Uniform,
    /// Control and every perturbation equally often, with replacement.
    Balanced,
    /// As many controls as perturbed cells.
    Paired,
}

/// How a method of counts learns; what its settings say under names of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// Genes that the network reads.
    pub genes: GeneChoice,
    /// Whether encoders and decoder read the batch.
    pub batch_covariate: bool,
    /// Shares of training, validation and test cells of every perturbation.
    pub shares: [f64; 3],
    /// Seed of the split.
    pub split_seed: u64,
    /// Cells of a step; pairs where control and perturbed cells are paired.
    pub batch_size: usize,
    /// Which cells a step sees.
    pub sampling: Sampling,
    /// Settings of Adam.
    pub optimiser: Optimiser,
    /// Epochs in which the weight of the KL terms rises from 0 to 1; 0: it is 1 from the start.
    pub warm_up: f64,
    /// Which weights are kept.
    pub keep: Keep,
    /// Widths of layers and latent spaces, by name: each must be at least 1.
    pub widths: Vec<(&'static str, usize)>,
    /// The share of hidden units that a training step leaves out.
    pub dropout: f64,
}

/// Settings of a method of counts.
pub trait CountSettings: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned {
    /// What all of these methods have.
    fn learning(&self) -> Learning;

    /// Says which of the method's own settings cannot be used.
    ///
    /// # Errors
    /// When one cannot.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Learning {
    /// The weight of the KL terms at a step: linear over the warm-up.
    pub(super) fn kl(&self, at: &Step) -> f64 {
        Schedule::Ramp { steps: (self.warm_up * at.per_epoch as f64).round() as u64 }.at(at.done)
    }

    pub(super) fn split_shares(&self) -> Result<Shares> {
        let [train, validation, test] = self.shares;
        Shares::new(train, validation, test)
    }

    /// Says which setting cannot be used, if one cannot.
    pub(super) fn check(&self) -> Result<()> {
        self.split_shares()?;
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        if let Some((key, _)) = self.widths.iter().find(|(_, width)| *width == 0) {
            return refuse(key, "a layer of width 0 holds nothing".to_owned(), "give at least 1");
        }
        if self.batch_size < 2 {
            let what = format!("a step of {} cells has no variance to normalise by", self.batch_size);
            return refuse("batch_size", what, "give at least 2 cells, better 128");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse("dropout", format!("dropout of {}", self.dropout), "give a share from 0 to below 1");
        }
        if !(self.warm_up.is_finite() && self.warm_up >= 0.0) {
            return refuse("warm_up", format!("a warm-up of {} epochs", self.warm_up), "give 0 or more epochs");
        }
        let Optimiser { rate, decay, epsilon } = self.optimiser;
        let usable =
            |value: f64, least_allowed: bool| value.is_finite() && (value > 0.0 || least_allowed && value == 0.0);
        if !(usable(rate, false) && usable(decay, true) && usable(epsilon, false)) {
            let what = format!("Adam with rate {rate}, decay {decay} and epsilon {epsilon}");
            return refuse("optimiser", what, "give a positive rate and epsilon, and a decay of at least 0");
        }
        Ok(())
    }
}

/// Epochs that scvi-tools trains for by default: `min(round(20,000 / cells * 400), 400)`, at least 1.
///
/// ```
/// use perturbook::methods::counts::default_epochs;
///
/// assert_eq!([default_epochs(310_385), default_epochs(247_914), default_epochs(1_000)], [26, 32, 400]);
/// ```
pub fn default_epochs(cells: usize) -> u64 {
    ((20_000.0 / cells.max(1) as f64 * 400.0).round() as u64).clamp(1, 400)
}
