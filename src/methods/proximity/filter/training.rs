//! One chromosome's scorer while it learns: the gradient of the arms' mean cosine by the scores of cells.
//!
//! ```text
//! scores of each part of the wells     by all threads, each part with a tape of its own
//! slope = d loss / d scores            of all wells together, since genes and arms need all of them
//! d loss / d weights                   sum over parts of the gradients of sum(scores slope), in their order
//! ```
//!
//! burn walks through most of a scorer's operations on one thread, and through new memory each time. Parts keep all cores of
//! a CPU busy, and what a part needs stays in their caches. On a GPU there is one part.

use std::sync::{Mutex, PoisonError};

use burn::module::Module;
use burn::tensor::TensorData;
use serde_json::Value;

use super::FilterConfig;
use super::sampler::StepWells;
use crate::genome::{Chromosome, Side};
use crate::methods::proximity::{Scorer, arm_cosines_of, nested_means, well_means};
use crate::nn::{SoftChoice, State};
use crate::tensor::{Device, Tensor, cat, cpu};
use crate::train::{Adam, AdamConfig, Learner, NamedGradients, Purpose, Step, Terms, stream};
use crate::{Error, Result};

/// Wells of a part on a CPU.
const WELLS: usize = 128;

/// The cells of a step.
pub(super) struct WellBatch {
    pub wells: StepWells,
    /// What the scorer reads, `wells x m x d`.
    pub read: Vec<f32>,
    /// What is averaged.
    pub averaged: Vec<f32>,
}

/// The scorer with its optimiser.
pub(super) struct Training {
    pub scorer: Scorer,
    adam: Adam,
    name: String,
    /// Records gradients.
    device: Device,
    plain: Device,
    config: FilterConfig,
    dims: [usize; 2],
    sides: Vec<Side>,
}

impl Training {
    /// `dims` are those that the scorer reads and those that are averaged.
    pub fn new(
        chromosome: Chromosome,
        config: &FilterConfig,
        seed: u64,
        dims: [usize; 2],
        sides: Vec<Side>,
        device: &Device,
    ) -> Self {
        let mut rng = stream(seed, Purpose::Weights, 0);
        let recording = Device::autodiff(device.clone());
        Self {
            scorer: Scorer::new(dims[0], config.hidden, config.slots(), &mut rng, &recording),
            adam: Adam::new(AdamConfig::default()),
            name: format!("proximity filter, {chromosome}"),
            device: recording,
            plain: device.clone(),
            config: config.clone(),
            dims,
            sides,
        }
    }

    fn cells(&self, values: Vec<f32>, dims: usize) -> Tensor<3> {
        let (m, wells) = (self.config.cells, values.len() / (self.config.cells * dims));
        Tensor::from_data(TensorData::new(values, [wells, m, dims]), &self.device)
    }

    /// The scores of what is read, in parts of whole wells; each with the scorer whose weights it hangs on.
    fn scores(&self, read: &[f32]) -> Vec<(Scorer, Tensor<3>)> {
        let well = self.config.cells * self.dims[0];
        let wells = if self.plain == cpu() { WELLS } else { read.len() / well };
        at_once(read.chunks(wells * well).collect(), |part: &[f32]| {
            let scorer = self.scorer.clone().fork(&self.device);
            let scores = scorer.forward(self.cells(part.to_vec(), self.dims[0]));
            (scorer, scores)
        })
    }

    /// The loss by the scores of all cells, and the mean cosine of each arm.
    fn loss(&self, scores: Tensor<3>, wells: &StepWells, averaged: Vec<f32>, step: u64) -> (Tensor<1>, Tensor<1>) {
        let choice = SoftChoice::new(scores, self.config.temperatures().at(step));
        let means = well_means(self.cells(averaged, self.dims[1]), choice.keep.clone());
        let genes = nested_means(means, &wells.wells, wells.arm_of_gene.len());
        let cosines = arm_cosines_of(genes, &wells.arm_of_gene, self.sides.len());
        let aim = cosines.clone().mean();
        let loss = match self.config.overlap {
            0.0 => aim,
            weight => aim + choice.overlap() * (weight / wells.wells.len() as f64),
        };
        (loss, cosines)
    }

    /// The loss, the mean cosine of each arm, and the gradients of the scorer's weights.
    fn gradients(&self, batch: WellBatch, step: u64) -> Result<(Tensor<1>, Tensor<1>, NamedGradients)> {
        let WellBatch { wells, read, averaged } = batch;
        let parts = self.scores(&read);
        let scores = cat(parts.iter().map(|(_, scores)| scores.clone().detach()).collect(), 0).require_grad();
        let (loss, cosines) = self.loss(scores.clone(), &wells, averaged, step);
        let slope = scores.grad(&loss.backward()).ok_or_else(|| Error::new("the loss does not hang on the scores"))?;
        let mut start = 0;
        let mut sums = Vec::with_capacity(parts.len());
        for (scorer, scores) in parts {
            let wells = scores.dims()[0];
            let slope = Tensor::from_inner(slope.clone().narrow(0, start, wells));
            sums.push((scorer, (scores * slope).sum()));
            start += wells;
        }
        // Nothing is recorded while gradients of other threads are computed, see `tensor::cat`.
        let of_parts = at_once(sums, |(scorer, sum)| NamedGradients::of(&scorer, &sum.backward()));
        let gradients = of_parts.into_iter().fold(NamedGradients::default(), NamedGradients::plus);
        Ok((loss, cosines, gradients))
    }

    fn terms(&self, loss: &Tensor<1>, cosines: Tensor<1>) -> Terms {
        let mut terms = vec![("loss", f64::from(loss.clone().into_scalar()))];
        let cosines = cosines.into_data().to_vec::<f32>().unwrap_or_default();
        terms.extend(self.sides.iter().zip(cosines).map(|(side, cosine)| {
            let name = match side {
                Side::P => "mean cosine, p arm",
                Side::Q => "mean cosine, q arm",
            };
            (name, f64::from(cosine))
        }));
        Terms(terms)
    }
}

/// What `work` gives for each part, in their order; a thread for each core. Threads of their own and not rayon's: one of those
/// that waits for a matrix product takes up another part, within burn's locks, and then waits for itself.
fn at_once<I: Send, O: Send>(parts: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
    let threads = rayon::current_num_threads().clamp(1, parts.len().max(1));
    let left = Mutex::new(parts.into_iter().enumerate());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (next, work) = (&next, &work);
    let mut done: Vec<(usize, O)> = std::thread::scope(|scope| {
        let each = || std::iter::from_fn(next).map(|(place, part)| (place, work(part))).collect::<Vec<_>>();
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
        let ended = workers.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.flatten().collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

impl Learner for Training {
    type Batch = WellBatch;

    fn learn(&mut self, batch: WellBatch, at: &Step) -> Result<Terms> {
        let (loss, cosines, gradients) = self.gradients(batch, at.done)?;
        let terms = self.terms(&loss, cosines).finite(at)?;
        self.adam.config.rate = self.config.rates().at(at.done);
        self.scorer = self.adam.step(self.scorer.clone(), &gradients);
        Ok(terms)
    }

    fn judge(&mut self, batch: WellBatch, at: &Step) -> Result<Terms> {
        let WellBatch { wells, read, averaged } = batch;
        let scores = self.scorer.forward(self.cells(read, self.dims[0]));
        let (loss, cosines) = self.loss(scores, &wells, averaged, at.done);
        Ok(self.terms(&loss, cosines))
    }

    fn state(&self) -> State {
        State::default().with("scorer.", &State::of(&self.scorer)).with("adam.", &self.adam.state())
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.scorer = state.part("scorer.").load_into(self.scorer.clone())?;
        self.adam.load(&state.part("adam."), &self.plain)
    }

    fn method(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> Value {
        serde_json::json!({"filter": self.config, "dims": self.dims})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::proximity::WellOf;

    #[test]
    fn gradients_of_parts_are_those_of_one_tape() {
        let config = FilterConfig { cells: 4, share: 0.25, hidden: [8, 6], ..FilterConfig::weak() };
        let chromosome = "chr1".parse().unwrap();
        let training = Training::new(chromosome, &config, 1, [5, 5], vec![Side::P, Side::Q], &cpu());
        // Three parts, the last of which is smaller: each of six genes of two arms in fifty wells.
        let count = 2 * WELLS + 44;
        let of = |well| WellOf { gene: well / 50, experiment: 0, plate: 0 };
        let wells =
            StepWells { wells: (0..count).map(of).collect(), arm_of_gene: vec![0, 0, 0, 1, 1, 1], rows: vec![] };
        let mut rng = stream(2, Purpose::Noise, 0);
        let read: Vec<f32> = (0..count * 4 * 5).map(|_| rand::RngExt::random_range(&mut rng, -1.0..1.0)).collect();
        let batch = WellBatch { wells: wells.clone(), read: read.clone(), averaged: read.clone() };
        let (loss, _, parts) = training.gradients(batch, 500).unwrap();

        let scores = training.scorer.forward(training.cells(read.clone(), 5));
        let (whole, _) = training.loss(scores, &wells, read, 500);
        let one = NamedGradients::of(&training.scorer, &whole.clone().backward());
        assert!((loss.into_scalar() - whole.into_scalar()).abs() < 1e-6);
        assert_eq!(parts.to_state().names().len(), 10);
        let apart = parts.plus(one.clone().times(-1.0)).norm();
        assert!(apart < 1e-5 * one.norm(), "{apart} of {}", one.norm());
        assert!(one.norm() > 1e-3, "{}", one.norm());
    }
}
