//! One chromosome's scorer while it learns: the gradient of the arms' mean cosine by the scores of cells.
//!
//! ```text
//! scores                               of all cells
//! slope = d loss / d scores            by a tape, since genes and arms need all wells
//! d loss / d weights                   from the slope: by hand on a CPU, by a tape elsewhere
//! ```

use burn::tensor::TensorData;
use serde_json::Value;

use super::FilterConfig;
use super::sampler::StepWells;
use crate::genome::{Chromosome, Side};
use crate::methods::proximity::by_hand::ByHand;
use crate::methods::proximity::{Scorer, arm_cosines_of, nested_means, well_means};
use crate::nn::{SoftChoice, State, numbers};
use crate::tensor::{Device, Tensor, cpu};
use crate::train::{Adam, AdamConfig, Learner, NamedGradients, Purpose, Step, Terms, stream};
use crate::{Error, Result};

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
        if self.plain != cpu() {
            return Ok(self.by_tape(batch, step));
        }
        let WellBatch { wells, read, averaged } = batch;
        let scorer = ByHand::of(&self.scorer);
        let parts = scorer.forward(&read);
        let scores = parts.iter().flat_map(|part| part.scores.iter().copied()).collect();
        let scores = self.cells(scores, self.config.slots()).require_grad();
        let (loss, cosines) = self.loss(scores.clone(), &wells, averaged, step);
        let slope = scores.grad(&loss.backward()).ok_or_else(|| Error::new("the loss does not hang on the scores"))?;
        let gradients = scorer.backward(&read, parts, &numbers(slope));
        Ok((loss, cosines, NamedGradients::from_state(&gradients, &self.plain)))
    }

    fn by_tape(&self, batch: WellBatch, step: u64) -> (Tensor<1>, Tensor<1>, NamedGradients) {
        let WellBatch { wells, read, averaged } = batch;
        let scores = self.scorer.forward(self.cells(read, self.dims[0]));
        let (loss, cosines) = self.loss(scores, &wells, averaged, step);
        let gradients = NamedGradients::of(&self.scorer, &loss.backward());
        (loss, cosines, gradients)
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
    fn gradients_by_hand_are_those_of_the_tape() {
        let config = FilterConfig { cells: 4, share: 0.25, hidden: [37, 19], ..FilterConfig::weak() };
        let chromosome = "chr1".parse().unwrap();
        let mut training = Training::new(chromosome, &config, 1, [5, 5], vec![Side::P, Side::Q], &cpu());
        let mut rng = stream(2, Purpose::Noise, 0);
        let mut drawn = |count: usize| -> Vec<f32> {
            (0..count).map(|_| rand::RngExt::random_range(&mut rng, -1.0..1.0)).collect()
        };
        // Gains and offsets start at 1 and 0, where some terms vanish.
        let mut state = State::of(&training.scorer);
        for name in ["ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias"] {
            let width = state.get(name).unwrap().len();
            state.insert(name, ndarray::Array1::from(drawn(width)).into_dyn());
        }
        training.scorer = state.load_into(training.scorer).unwrap();
        // 5,200 cells, so that the last part is smaller: six genes of two arms.
        let of = |well: usize| WellOf { gene: well / 217, experiment: 0, plate: 0 };
        let wells = StepWells { wells: (0..1300).map(of).collect(), arm_of_gene: vec![0, 0, 0, 1, 1, 1], rows: vec![] };
        let read = drawn(1300 * 4 * 5);
        let batch = || WellBatch { wells: wells.clone(), read: read.clone(), averaged: read.clone() };
        let (loss, cosines, gradients) = training.gradients(batch(), 500).unwrap();
        let (same_loss, same_cosines, tape) = training.by_tape(batch(), 500);
        assert!((loss.into_scalar() - same_loss.into_scalar()).abs() < 1e-6);
        assert!((cosines - same_cosines).abs().max().into_scalar() < 1e-6);
        assert_eq!(gradients.to_state().names(), tape.to_state().names());
        for name in State::of(&training.scorer).names() {
            let [one, other] = [&gradients, &tape].map(|of| of.get(name).unwrap().clone());
            let (apart, largest) = ((one - other.clone()).abs().max().into_scalar(), other.abs().max().into_scalar());
            assert!(apart < 2e-5 * largest, "{name}: {apart} of {largest}");
        }
        assert!(tape.norm() > 1e-3, "{}", tape.norm());
    }
}
