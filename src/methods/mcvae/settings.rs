//! Settings of Multi-ContrastiveVAE and of the autoencoders it is compared with.
//!
//! Where the paper and its code differ, the defaults follow the register of the methods' specification: learning rate
//! 1e-4 (paper; the code's is 1e-3), Wasserstein weight 8 inside the weight of the divergences and a batch vector of 32
//! for the decoder (both in the code only), the cyclic weight of the divergences as the code counts it.

use serde::{Deserialize, Serialize};

use super::{ContrastiveConfig, Intensity, NetConfig, ResizeRule, Variant};
use crate::screen::Shares;
use crate::train::Schedule;
use crate::{Error, Result};

/// The weight of the divergences, the distance and the dependence in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KlWeight {
    /// From 0 to 1 in `steps` calls, 1 for as many, and again from 0. Every batch counts as a call, those of a validation
    /// too, and a validation is judged by the weight at its calls: as the code has it.
    Cyclic {
        /// Calls of the rise.
        steps: u64,
    },
    /// From 0 to 1 in `steps` steps of training, then 1. A validation is judged with weight 1.
    Ramp {
        /// Steps of the rise.
        steps: u64,
    },
    /// Always this.
    Constant(f64),
}

impl KlWeight {
    /// The weight by calls.
    ///
    /// ```
    /// use perturbook::methods::mcvae::KlWeight;
    ///
    /// let weight = KlWeight::Cyclic { steps: 4_500 }.schedule();
    /// assert_eq!([0, 4_500, 8_999, 9_000].map(|call| weight.at(call)), [0.0, 1.0, 1.0, 0.0]);
    /// ```
    pub fn schedule(self) -> Schedule {
        match self {
            Self::Cyclic { steps } => Schedule::Cycle { steps, period: 2 * steps },
            Self::Ramp { steps } => Schedule::Ramp { steps },
            Self::Constant(weight) => Schedule::Constant(weight),
        }
    }

    /// Whether batches of a validation count as calls.
    pub(super) fn counts_validation(self) -> bool {
        matches!(self, Self::Cyclic { .. })
    }

    /// The weight by which a batch of a validation is judged after so many calls.
    pub(super) fn judging(self, calls: u64) -> f64 {
        match self {
            Self::Cyclic { .. } => self.schedule().at(calls),
            Self::Ramp { .. } => 1.0,
            Self::Constant(weight) => weight,
        }
    }
}

/// A term that draws background and salient codes towards independence (options of the reference code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Independence {
    /// [`hsic_times_n`](crate::nn::loss::hsic_times_n) of the posterior means, with kernels of width 1.
    Hsic,
    /// [`total_correlation`](crate::nn::loss::total_correlation) of the posterior means.
    TotalCorrelation,
}

/// Which weights a trained model has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those with the lowest loss in validation; without a validation the last ones.
    #[default]
    Best,
    /// Those after the last step.
    Last,
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McVaeSettings {
    /// Which autoencoder.
    pub variant: Variant,
    /// Pixels of a side of the images that the networks see; images of another size are resized.
    pub side: usize,
    /// How they are resized.
    pub resize: ResizeRule,
    /// How intensities become numbers between about -1 and 1.
    pub intensity: Intensity,
    /// Channels after the first convolution.
    pub base: usize,
    /// Dimensions of each space; the one space of the VAE has twice as many.
    pub latent: usize,
    /// Dimensions of the vector of a batch (plate and well) that the decoder sees; 0: it does not see the batch. The VAE
    /// never does.
    pub batch_width: usize,
    /// Weight of the distance of control cells' salient posteriors from 0.
    pub wasserstein: f64,
    /// A term for independence of the spaces.
    pub independence: Option<Independence>,
    /// Its weight.
    pub independence_weight: f64,
    /// Weight of all terms but the likelihood.
    pub kl: KlWeight,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Every number of the gradients is cut to this size.
    pub clip: Option<f64>,
    /// Pairs of a control and a perturbed cell in a step, so twice as many images; single cells for the VAE.
    pub batch: usize,
    /// Shares of the controls, and of the perturbed cells, for training, validation and testing.
    pub shares: [f64; 3],
    /// Whether rows stand in random order already, as in the reference's store. Then parts of the split and pairs are
    /// taken in the order of the rows; else both are drawn at random, and pairs anew in every epoch.
    pub mixed: bool,
    /// Batches of a validation, at most.
    pub validation_batches: usize,
    /// Which weights are kept.
    pub keep: Keep,
}

impl Default for McVaeSettings {
    /// The paper's.
    fn default() -> Self {
        Self {
            variant: Variant::Mcvae,
            side: 64,
            resize: ResizeRule::default(),
            intensity: Intensity::default(),
            base: 32,
            latent: 32,
            batch_width: 32,
            wasserstein: 8.0,
            independence: None,
            independence_weight: 1.0,
            kl: KlWeight::Cyclic { steps: 4_500 },
            rate: 1e-4,
            clip: Some(0.5),
            batch: 1_024,
            shares: [0.83, 0.02, 0.15],
            mixed: true,
            validation_batches: 300,
            keep: Keep::Best,
        }
    }
}

impl McVaeSettings {
    /// Dimensions of all spaces together: of an embedding.
    ///
    /// ```
    /// use perturbook::methods::mcvae::McVaeSettings;
    ///
    /// assert_eq!(McVaeSettings::default().dims(), 64);
    /// ```
    pub fn dims(&self) -> usize {
        2 * self.latent
    }

    /// Whether the decoder sees the batch.
    pub fn sees_batch(&self) -> bool {
        self.variant.is_contrastive() && self.batch_width > 0
    }

    /// The networks for images of so many channels, batches and labels.
    pub(super) fn network(&self, channels: usize, batches: usize, labels: usize) -> ContrastiveConfig {
        ContrastiveConfig {
            net: NetConfig { side: self.side, channels, base: self.base },
            latent: self.latent,
            batch_width: if self.sees_batch() { self.batch_width } else { 0 },
            batches,
            labels,
            priors: self.variant.priors(),
        }
    }

    /// Checks everything that does not depend on the screen.
    ///
    /// # Errors
    /// When a setting cannot be; the message names it.
    pub fn check(&self) -> Result<()> {
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        for (key, value, least) in [
            ("side", self.side, 8),
            ("base", self.base, 1),
            ("latent", self.latent, 1),
            ("batch", self.batch, 1),
            ("validation_batches", self.validation_batches, 1),
        ] {
            if value < least {
                return refuse(key, format!("{value} is too small"), &format!("give at least {least}"));
            }
        }
        let weight = match self.kl {
            KlWeight::Constant(weight) => weight,
            KlWeight::Cyclic { steps: 0 } | KlWeight::Ramp { steps: 0 } => -1.0,
            KlWeight::Cyclic { .. } | KlWeight::Ramp { .. } => 1.0,
        };
        let weights =
            [("kl", weight), ("wasserstein", self.wasserstein), ("independence_weight", self.independence_weight)];
        for (key, value) in weights {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(
                    key,
                    "the weight is negative or no number".to_owned(),
                    "give 0 or more, and a rise of 1 step or more",
                );
            }
        }
        for (key, value) in [("rate", self.rate), ("clip", self.clip.unwrap_or(1.0))] {
            if !(value.is_finite() && value > 0.0) {
                return refuse(key, format!("{value} is not above 0"), "give a positive number");
            }
        }
        if self.independence.is_some() && !self.variant.is_contrastive() {
            return refuse("independence", "the VAE has one space only".to_owned(), "leave it out, or choose cvae");
        }
        if self.independence == Some(Independence::TotalCorrelation) && self.batch <= self.latent {
            let what = format!("{} pairs give no covariance of {} dimensions", self.batch, self.dims());
            return refuse("batch", what, "give more pairs than dimensions of a space");
        }
        self.intensity.check()?;
        let [train, validation, test] = self.shares;
        Shares::new(train, validation, test).map(|_| ())
    }
}
