//! One chromosome's scorer while it learns: the gradient of the arms' mean cosine by the scores of cells.

use burn::tensor::TensorData;
use serde_json::Value;

use super::FilterConfig;
use super::sampler::StepWells;
use crate::Result;
use crate::genome::{Chromosome, Side};
use crate::methods::proximity::{Scorer, arm_cosines_of, nested_means, well_means};
use crate::nn::{SoftChoice, State};
use crate::tensor::{Device, Tensor};
use crate::train::{Adam, AdamConfig, Learner, NamedGradients, Purpose, Step, Terms, stream};

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

    /// The loss, and the mean cosine of each arm.
    fn loss(&self, batch: WellBatch, step: u64) -> (Tensor<1>, Tensor<1>) {
        let WellBatch { wells, read, averaged } = batch;
        let scores = self.scorer.forward(self.cells(read, self.dims[0]));
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
        let (loss, cosines) = self.loss(batch, at.done);
        let terms = self.terms(&loss, cosines).finite(at)?;
        let gradients = NamedGradients::of(&self.scorer, &loss.backward());
        self.adam.config.rate = self.config.rates().at(at.done);
        self.scorer = self.adam.step(self.scorer.clone(), &gradients);
        Ok(terms)
    }

    fn judge(&mut self, batch: WellBatch, at: &Step) -> Result<Terms> {
        let (loss, cosines) = self.loss(batch, at.done);
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
