//! How the autoencoders learn, one batch at a time.
//!
//! ```text
//! loss       of a batch, with the weight of the divergences at this call
//! gradients  every number cut to [-0.5, 0.5]
//! weights    a step of Adam
//! ```
//!
//! The reference counts calls of the loss, validations included, and its weight of the divergences falls back to 0 every
//! 9,000 calls; so the lowest validation loss may be one shortly after a fall. [`KlWeight::Ramp`](super::KlWeight) avoids
//! that.

use ndarray::{Array1, Array4, ArrayD};
use serde_json::Value;

use super::by_hand::{ByHand, Convolutions, OnTape};
use super::facts::Facts;
use super::net::{Net, images_on, indices_on};
use super::{Independence, Keep, McVaeSettings, Pairs};
use crate::nn::loss::{Bandwidth, hsic_times_n, total_correlation};
use crate::nn::{State, normal};
use crate::tensor::{Device, Tensor, cat, cpu, plain};
use crate::train::{Adam, AdamConfig, Clip, Learner, Purpose, Settings, Step, Terms, stream};
use crate::{Error, Result};

/// What a step sees: images as the networks see them, controls first where there are pairs.
pub(super) struct Batch {
    pub(super) images: Array4<f32>,
    /// The row of each cell in the tables of priors.
    pub(super) labels: Vec<i32>,
    /// The row of each cell in the table of batches.
    pub(super) batches: Vec<i32>,
}

/// A term of the loss on its device.
type Term = (&'static str, Tensor<1>);

/// The loss of a batch is the sum of both.
struct Loss {
    /// What hangs on the images that the decoder makes.
    likelihood: Tensor<1>,
    /// What does not.
    rest: Tensor<1>,
    /// All terms, the loss first.
    terms: Vec<Term>,
}

impl Loss {
    fn new(likelihood: Tensor<1>, rest: Tensor<1>, mut terms: Vec<Term>) -> Self {
        terms.insert(0, ("loss", likelihood.clone().detach() + rest.clone().detach()));
        Self { likelihood, rest, terms }
    }
}

/// Everything that changes while an autoencoder learns.
pub(super) struct Training {
    settings: McVaeSettings,
    device: Device,
    pub(super) net: Net,
    adam: Adam,
    /// Calls of the loss that count for the weight of the divergences.
    calls: u64,
    /// Batches of a validation.
    validation: usize,
    /// The sum of the losses of the validation in hand.
    sum: f64,
    /// The lowest loss in validation, and the network then.
    best: Option<(f64, Net)>,
}

impl Training {
    /// A network with numbers drawn by the seed; `device` must record gradients.
    pub(super) fn new(settings: &McVaeSettings, facts: &Facts, validation: usize, seed: u64, device: &Device) -> Self {
        let mut rng = stream(seed, Purpose::Weights, 0);
        Self {
            settings: settings.clone(),
            device: device.clone(),
            net: Net::new(settings, facts.sizes(), &mut rng, device),
            adam: Adam::new(AdamConfig { rate: settings.rate, ..AdamConfig::default() }),
            calls: 0,
            validation,
            sum: 0.0,
            best: None,
        }
    }

    /// The network that is kept.
    pub(super) fn kept(self) -> Net {
        match (self.settings.keep, self.best) {
            (Keep::Best, Some((_, net))) => net,
            _ => self.net,
        }
    }

    /// The loss of a batch by a network, and all its terms.
    fn loss(&self, net: &Net, by: &mut impl Convolutions, batch: Batch, at: &Step, weight: f64) -> Result<Loss> {
        let mut rng = at.noise();
        let (n, device) = (batch.labels.len(), &self.device);
        let images = images_on(batch.images, device);
        match net {
            Net::Plain(net) => {
                let pass = net.pass_by(by, images, normal([n, self.settings.dims()], 1.0, &mut rng, device));
                let (nll, kl) = (pass.nll.mean(), pass.kl.mean());
                Ok(Loss::new(nll.clone(), kl.clone() * weight, vec![("NLL", nll), ("KL", kl)]))
            }
            Net::Contrastive(net) => {
                let half = n / 2;
                let (labels, batches) = (indices_on(&batch.labels, device), indices_on(&batch.batches, device));
                let pairs = Pairs {
                    background: images.clone().narrow(0, 0, half),
                    target: images.narrow(0, half, half),
                    background_label: labels.clone().narrow(0, 0, half),
                    target_label: labels.narrow(0, half, half),
                    background_batch: batches.clone().narrow(0, 0, half),
                    target_batch: batches.narrow(0, half, half),
                };
                let mut noise = || normal([n, self.settings.latent], 1.0, &mut rng, device);
                let (noise_z, noise_s) = (noise(), noise());
                let pass = net.pass_by(by, &pairs, noise_z, noise_s);
                let nll = pass.nll().mean();
                let mut rest = pass.divergences(self.settings.wasserstein).mean() * weight;
                let mut terms = vec![
                    ("NLL of controls", pass.nll_background.mean()),
                    ("NLL of perturbed", pass.nll_target.mean()),
                    ("KL background", (pass.kl_z_background.mean() + pass.kl_z_target.mean()) * 0.5),
                    ("KL salient", pass.kl_s_target.mean()),
                    ("Wasserstein", pass.wasserstein_background.mean()),
                ];
                if let Some(kind) = self.settings.independence {
                    let (z, s) = (pass.z.mean, pass.s.mean);
                    let dependence = match kind {
                        Independence::Hsic => hsic_times_n(z, s, Bandwidth::Unit),
                        Independence::TotalCorrelation => total_correlation(z, s)?,
                    };
                    rest = rest + dependence.clone() * (weight * self.settings.independence_weight);
                    terms.push(("dependence", dependence));
                }
                Ok(Loss::new(nll, rest, terms))
            }
        }
    }

    /// The terms as numbers, read from the device at once, and what they were weighted by. Detached: what is put together on
    /// the tape is one graph to burn, which forgets parts of it when one of two losses has gone backward.
    fn read(&self, terms: Vec<Term>, weight: f64) -> Result<Terms> {
        let names: Vec<&'static str> = terms.iter().map(|(name, _)| *name).chain(["sigma"]).collect();
        let mut all: Vec<Tensor<1>> = terms.into_iter().map(|(_, value)| value.detach()).collect();
        all.push(self.net.log_scale().detach().exp());
        let values = super::net::numbers(cat(all, 0))?;
        let mut terms: Vec<(&'static str, f64)> = names.into_iter().zip(values.iter().map(|&v| f64::from(v))).collect();
        terms.push(("KL weight", weight));
        Ok(Terms(terms))
    }
}

impl Learner for Training {
    type Batch = Batch;

    fn learn(&mut self, batch: Batch, at: &Step) -> Result<Terms> {
        let weight = self.settings.kl.schedule().at(self.calls);
        let (terms, gradients) = if self.device == cpu() {
            let mut by = ByHand::default();
            let Loss { likelihood, rest, terms } = self.loss(&self.net, &mut by, batch, at, weight)?;
            (self.read(terms, weight)?.finite(at)?, self.net.gradients_by_hand(by, likelihood, rest)?)
        } else {
            let Loss { likelihood, rest, terms } = self.loss(&self.net, &mut OnTape, batch, at, weight)?;
            (self.read(terms, weight)?.finite(at)?, self.net.gradients(&(likelihood + rest).backward())?)
        };
        let gradients = match self.settings.clip {
            Some(limit) => gradients.clipped(Clip::Value(limit)),
            None => gradients,
        };
        self.net = self.net.moved(&mut self.adam, &gradients);
        self.calls += 1;
        Ok(terms)
    }

    fn judge(&mut self, batch: Batch, at: &Step) -> Result<Terms> {
        let weight = self.settings.kl.judging(self.calls);
        let net = self.net.unrecorded();
        let Loss { terms, .. } = if self.device == cpu() {
            self.loss(&net, &mut ByHand::default(), batch, at, weight)?
        } else {
            self.loss(&net, &mut OnTape, batch, at, weight)?
        };
        let terms = self.read(terms, weight)?;
        self.calls += u64::from(self.settings.kl.counts_validation());
        if at.done == 0 {
            self.sum = 0.0;
        }
        self.sum += terms.get("loss").unwrap_or(f64::NAN);
        let loss = self.sum / self.validation.max(1) as f64;
        if at.done + 1 == self.validation as u64
            && loss.is_finite()
            && self.best.as_ref().is_none_or(|(best, _)| loss < *best)
        {
            self.best = Some((loss, self.net.clone()));
        }
        Ok(terms)
    }

    fn state(&self) -> State {
        let mut state = State::default().with("net.", &self.net.state()).with("adam.", &self.adam.state());
        state.insert("calls", words(self.calls));
        if let Some((loss, net)) = &self.best {
            state.insert("best.loss", words(loss.to_bits()));
            state = state.with("best.net.", &net.state());
        }
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        let word = |name: &str| state.get(name).map(number);
        let missing = || Error::new("the checkpoint lacks the calls of the loss").fix("resume from another checkpoint");
        self.calls = word("calls").ok_or_else(missing)?;
        self.net = self.net.with(&state.part("net."))?;
        self.adam.load(&state.part("adam."), &plain(&self.device))?;
        self.best = match word("best.loss") {
            Some(bits) => Some((f64::from_bits(bits), self.net.with(&state.part("best.net."))?)),
            None => None,
        };
        Ok(())
    }

    fn method(&self) -> &str {
        "mcvae"
    }

    fn settings(&self) -> Settings {
        serde_json::to_value(&self.settings).unwrap_or(Value::Null)
    }
}

/// A whole number as four parts of 16 bits, each exact in `f32`.
fn words(value: u64) -> ArrayD<f32> {
    Array1::from_iter((0..4).map(|part| (value >> (16 * part) & 0xffff) as f32)).into_dyn()
}

fn number(words: &ArrayD<f32>) -> u64 {
    words.iter().take(4).enumerate().map(|(part, &word)| (word as u64) << (16 * part)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_as_words() {
        for value in [0, 1, 9_000, u64::MAX, f64::to_bits(-1234.5678)] {
            assert_eq!(number(&words(value)), value);
        }
    }
}
