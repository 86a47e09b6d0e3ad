//! The network of the lowest validation loss.
//!
//! Validation batches are added up as they come; the network that they were computed with is compared with the best one
//! before it changes, at the next step or at the end.

use super::{exact, from_exact};
use crate::nn::State;
use crate::tensor::Backend;
use crate::{Error, Result};
use burn::module::Module;

/// The name of the numbers in a state.
const NUMBERS: &str = "numbers";
/// What stands before the names of weights.
const NETWORK: &str = "network.";

/// The best network so far.
#[derive(Clone, Debug)]
pub(super) struct Best<N> {
    /// Sum of the losses of the validation in hand.
    sum: f64,
    /// Its batches.
    count: u64,
    lowest: f64,
    network: Option<N>,
}

impl<N: Module<Backend>> Best<N> {
    pub(super) fn new() -> Self {
        Self { sum: 0.0, count: 0, lowest: f64::INFINITY, network: None }
    }

    /// The loss of a validation batch.
    pub(super) fn add(&mut self, loss: f64) {
        self.sum += loss;
        self.count += 1;
    }

    /// Ends the validation in hand, if there is one: all its batches were of this network.
    pub(super) fn settle(&mut self, network: &N) {
        if self.count == 0 {
            return;
        }
        let loss = self.sum / self.count as f64;
        if loss < self.lowest {
            (self.lowest, self.network) = (loss, Some(network.clone()));
        }
        (self.sum, self.count) = (0.0, 0);
    }

    pub(super) fn network(&self) -> Option<&N> {
        self.network.as_ref()
    }

    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        state.insert(NUMBERS, exact(&[self.sum, self.count as f64, self.lowest]));
        match &self.network {
            Some(network) => state.with(NETWORK, &State::of(network)),
            None => state,
        }
    }

    /// Takes up what [`Best::state`] gave; `like` is a network of the same shape.
    pub(super) fn restore(&mut self, state: &State, like: &N) -> Result<()> {
        let numbers = state.get(NUMBERS).and_then(from_exact);
        let Some([sum, count, lowest]) = numbers else {
            return Err(Error::new("the state lacks the lowest validation loss").fix("resume from another checkpoint"));
        };
        let weights = state.part(NETWORK);
        let network = if weights.names().is_empty() { None } else { Some(weights.load_into(like.clone())?) };
        *self = Self { sum, count: count as u64, lowest, network };
        Ok(())
    }
}
