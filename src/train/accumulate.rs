//! One optimiser step for several batches: their gradients are averaged until there are enough of them, so that batches
//! that fit into memory make a step of a batch that does not.
//!
//! ```text
//! mean of the gradients of k batches of n rows = gradient of the mean loss of one batch of k n rows
//! ```
//!
//! That holds for losses that are means over rows; terms that look at a batch as a whole (HSIC, the largest distance) see
//! the small batches. Gradients are added in the order of the steps.

use super::NamedGradients;
use crate::nn::State;
use crate::tensor::{Device, plain};
use crate::{Error, Result};

/// The name of the count in a state; names of parameters follow `sum.`.
const COUNT: &str = "count";

/// Gradients that wait for others. Those that wait at the end of a run have moved nothing; [`Accumulate::rest`] gives them.
///
/// In a learner it is two lines, and [`Accumulate::state`] belongs to the learner's:
///
/// ```text
/// let Some(gradients) = self.accumulate.add(NamedGradients::of(&self.net, &loss.backward())) else { return Ok(terms) };
/// self.net = self.adam.step(self.net.clone(), &gradients.clipped(clip));
/// ```
///
/// ```
/// use perturbook::nn::State;
/// use perturbook::tensor::cpu;
/// use perturbook::train::{Accumulate, NamedGradients};
///
/// let gradients = |value: f32| {
///     let mut state = State::default();
///     state.insert("weight", ndarray::arr1(&[value]).into_dyn());
///     NamedGradients::from_state(&state, &cpu())
/// };
/// let mut accumulate = Accumulate::every(2)?;
/// assert!(accumulate.add(gradients(1.0)).is_none());
/// let mean = accumulate.add(gradients(4.0)).unwrap();
/// assert_eq!(mean.get("weight").unwrap().to_data().to_vec::<f32>().unwrap(), [2.5]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulate {
    every: u32,
    waiting: Option<NamedGradients>,
    count: u32,
}

impl Accumulate {
    /// A step of the optimiser for each `every` batches; 1: for each batch.
    ///
    /// # Errors
    /// When it is 0, or above 2^24.
    pub fn every(every: u32) -> Result<Self> {
        if every == 0 || every > 1 << 24 {
            return Err(
                Error::new(format!("a step for {every} batches cannot be done")).fix("give a number from 1 to 2^24")
            );
        }
        Ok(Self { every, waiting: None, count: 0 })
    }

    /// Adds the gradients of a batch; the mean of all that waited, when they are enough. A parameter that the loss of some
    /// batches did not depend on had gradient 0 there.
    pub fn add(&mut self, gradients: NamedGradients) -> Option<NamedGradients> {
        let sum = match self.waiting.take() {
            Some(waiting) => waiting.plus(gradients),
            None => gradients,
        };
        self.count += 1;
        if self.count < self.every {
            self.waiting = Some(sum);
            return None;
        }
        self.count = 0;
        Some(if self.every == 1 { sum } else { sum.times(1.0 / f64::from(self.every)) })
    }

    /// The mean of the gradients that still wait, for instance after the last step of a run; none where none wait.
    pub fn rest(&mut self) -> Option<NamedGradients> {
        let count = std::mem::take(&mut self.count);
        Some(self.waiting.take()?.times(1.0 / f64::from(count.max(1))))
    }

    /// How many batches wait.
    pub fn waiting(&self) -> u32 {
        self.count
    }

    /// What a resumed run needs: `count`, and `sum.NAME` of every parameter.
    pub fn state(&self) -> State {
        let mut state = State::default();
        state.insert(COUNT, ndarray::arr1(&[self.count as f32]).into_dyn());
        match &self.waiting {
            Some(waiting) => state.with("sum.", &waiting.to_state()),
            None => state,
        }
    }

    /// Takes up what [`Accumulate::state`] gave; `device` is the network's, recording or not.
    ///
    /// # Errors
    /// When the count is missing, or it does not go with the gradients.
    pub fn load(&mut self, state: &State, device: &Device) -> Result<()> {
        let sums = state.part("sum.");
        let count = state.get(COUNT).and_then(|count| count.first().copied()).map(|count| count as u32);
        match count {
            Some(count) if count < self.every && (count == 0) == (sums.count() == 0) => {
                self.count = count;
                self.waiting = (count > 0).then(|| NamedGradients::from_state(&sums, &plain(device)));
                Ok(())
            }
            _ => Err(Error::new(format!(
                "the state of the accumulated gradients is damaged, or of steps of other than {} batches",
                self.every
            ))
            .fix("resume from another checkpoint, with the settings it was made with")),
        }
    }
}
