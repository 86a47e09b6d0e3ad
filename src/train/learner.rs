//! What the loop asks of a method.

use crate::nn::State;
use crate::train::{Purpose, stream};
use crate::{Error, Result};

/// The settings of a method as JSON; `Settings::Null` where there are none.
pub use serde_json::Value as Settings;

/// A method that learns step by step.
///
/// All that it has learned and all that its next step depends on is in [`Learner::state`]; random numbers come from
/// [`Step::noise`]. Then a run that was stopped goes on to the same numbers as one that was not.
pub trait Learner {
    /// What a step sees, made by other threads while the step before it runs.
    type Batch: Send + 'static;

    /// Learns from a batch and says the terms of its loss, `loss` first. Terms must be checked with
    /// [`Terms::finite`] before weights change, so that a loss that is no number leaves the last good weights.
    ///
    /// # Errors
    /// When a term is not finite or the batch does not fit.
    fn learn(&mut self, batch: Self::Batch, at: &Step) -> Result<Terms>;

    /// The terms of a batch without learning from it.
    ///
    /// # Errors
    /// When the batch does not fit.
    fn judge(&mut self, batch: Self::Batch, at: &Step) -> Result<Terms>;

    /// Weights, averages and the optimiser's memory.
    fn state(&self) -> State;

    /// Takes up what [`Learner::state`] gave.
    ///
    /// # Errors
    /// When it is of another network.
    fn restore(&mut self, state: &State) -> Result<()>;

    /// The method's name, which a checkpoint must share.
    fn method(&self) -> &str;

    /// Its settings, which a checkpoint must share.
    fn settings(&self) -> Settings;
}

/// Where training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// Steps done before this one, in all epochs.
    pub done: u64,
    /// Steps of one epoch.
    pub per_epoch: u64,
    /// Steps of all epochs.
    pub total: u64,
}

impl Step {
    /// Random numbers for this step alone.
    pub fn noise(&self) -> rand_chacha::ChaCha8Rng {
        stream(self.seed, Purpose::Noise, self.done)
    }
}

/// The terms of a loss by name, `loss` first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms(pub Vec<(&'static str, f64)>);

impl Terms {
    /// The terms, if all are finite.
    ///
    /// ```
    /// use perturbook::train::{Step, Terms};
    ///
    /// let at = Step { seed: 0, epoch: 0, done: 6, per_epoch: 10, total: 10 };
    /// assert!(Terms(vec![("loss", 1.0)]).finite(&at).is_ok());
    /// let error = Terms(vec![("loss", f64::NAN), ("KL", f64::INFINITY)]).finite(&at).unwrap_err();
    /// assert!(error.to_string().contains("KL is inf"));
    /// ```
    ///
    /// # Errors
    /// With the step, and every term that is not.
    pub fn finite(self, at: &Step) -> Result<Self> {
        let bad: Vec<String> = self
            .0
            .iter()
            .filter(|(_, value)| !value.is_finite())
            .map(|(name, value)| format!("{name} is {value}"))
            .collect();
        if bad.is_empty() {
            return Ok(self);
        }
        Err(Error::new(format!("training cannot go on: {}", bad.join(", ")))
            .at(format!("step {} of {}, epoch {}", at.done + 1, at.total, at.epoch + 1))
            .fix("the weights are those before this step; lower the learning rate, cut gradients, or look for NaN in the data"))
    }

    /// One term.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(term, _)| *term == name).map(|(_, value)| *value)
    }
}
