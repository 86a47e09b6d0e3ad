//! What a network of counts must do so that a [`CountModel`](super::CountModel) can be made of it.

use std::fmt::Debug;

use burn::module::Module;
use burn::tensor::Int;
use rand_chacha::ChaCha8Rng;

use super::{CountSettings, Vocabulary};
use crate::methods::Plan;
use crate::nn::State;
use crate::nn::counts::{Cells, CountDecoder, Decoded, reconstruction};
use crate::tensor::{Backend, Device, Tensor, cat};
use crate::train::Terms;
use crate::{Error, Result};

/// A network with its loss.
pub trait CountNetwork: Module<Backend> {
    /// Settings of the method.
    type Settings: CountSettings;
    /// Sizes of the network.
    type Config: Clone + Debug + Send;
    /// What training remembers from step to step beside weights and the optimiser.
    type Memory: Memory;

    /// The method's name.
    const NAME: &'static str;

    /// Whether it needs control cells.
    const CONTRASTIVE: bool;

    /// The paper's scale.
    fn paper() -> Plan<Self::Settings>;

    /// Minutes on two cores.
    fn quick() -> Plan<Self::Settings>;

    /// The network's sizes.
    fn config(settings: &Self::Settings, vocabulary: &Vocabulary) -> Self::Config;

    /// A network with first numbers.
    fn build(config: &Self::Config, rng: &mut ChaCha8Rng, device: &Device) -> Self;

    /// The latent spaces in the order of the columns of [`CountNetwork::means`], with their dimensions.
    fn blocks(config: &Self::Config) -> Vec<(&'static str, usize)>;

    /// A memory before the first step; `interval` steps lie between two validations.
    fn memory(settings: &Self::Settings, interval: u64) -> Self::Memory;

    /// The loss of a step, or of a validation batch.
    ///
    /// # Errors
    /// When the cells do not have the network's sizes.
    fn step(
        &mut self,
        settings: &Self::Settings,
        config: &Self::Config,
        memory: &Self::Memory,
        input: StepInput<'_>,
    ) -> Result<StepLoss>;

    /// Posterior means of all latent spaces side by side, `n x dimensions`.
    ///
    /// # Errors
    /// When the cells do not have the network's sizes.
    fn means(&self, cells: &Cells) -> Result<Tensor<2>>;

    /// Its decoder.
    fn decoder(&self) -> &CountDecoder;

    /// Logarithms of the genes' inverse dispersions.
    fn log_dispersion(&self) -> Tensor<1>;

    /// What is expected of a code, after training.
    fn decode(&self, code: Tensor<2>, cells: &Cells) -> Decoded {
        self.decoder().forward(code, cells)
    }

    /// Minus the log-likelihood of each cell, `n`, in nats.
    fn reconstruction(&self, cells: &Cells, decoded: &Decoded) -> Tensor<1> {
        reconstruction(cells, decoded, self.log_dispersion())
    }

    /// What the method keeps of held-out controls so that calls can be calibrated on them, `n x width`.
    fn calibration(&self, _settings: &Self::Settings, _code: Tensor<2>) -> Option<Tensor<2>> {
        None
    }
}

/// The cells of a step, on the network's device.
#[derive(Debug)]
pub struct StepInput<'a> {
    /// Their counts; controls are the first half where cells are paired.
    pub cells: Cells,
    /// Their classes, `n`.
    pub classes: burn::Tensor<Backend, 1, Int>,
    /// The weight of the KL terms.
    pub kl: f64,
    /// Whether the network learns from them.
    pub training: bool,
    /// Random numbers for this step alone.
    pub noise: &'a mut ChaCha8Rng,
    /// Where the network is.
    pub device: &'a Device,
}

/// The loss of a step.
#[derive(Debug)]
pub struct StepLoss {
    /// What is minimised, one number.
    pub total: Tensor<1>,
    /// Its terms by name, one number each.
    pub terms: Vec<(&'static str, Tensor<1>)>,
    /// Numbers that are known on the host.
    pub known: Vec<(&'static str, f64)>,
}

impl StepLoss {
    /// All terms, `loss` first; the device is waited for once.
    pub(super) fn read(&self) -> Result<Terms> {
        let tensors = std::iter::once(&self.total).chain(self.terms.iter().map(|(_, term)| term));
        let all = cat(tensors.map(|term| term.clone().detach()).collect(), 0);
        let values: Vec<f32> = all.into_data().into_vec().map_err(|e| {
            Error::new(format!("the loss cannot be read: {e:?}")).fix("train with tensors of 32-bit floats")
        })?;
        let names = std::iter::once("loss").chain(self.terms.iter().map(|(name, _)| *name));
        let known = self.known.iter().copied();
        Ok(Terms(names.zip(values.into_iter().map(f64::from)).chain(known).collect()))
    }
}

/// What training remembers.
pub trait Memory: Send + Debug {
    /// Takes note of a step that was learned from.
    fn learned(&mut self, terms: &Terms);

    /// Arrays that bring it back.
    fn state(&self) -> State;

    /// Takes up what [`Memory::state`] gave.
    ///
    /// # Errors
    /// When something is missing.
    fn restore(&mut self, state: &State) -> Result<()>;
}

/// Nothing to remember.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl Memory for NoMemory {
    fn learned(&mut self, _: &Terms) {}

    fn state(&self) -> State {
        State::default()
    }

    fn restore(&mut self, _: &State) -> Result<()> {
        Ok(())
    }
}
