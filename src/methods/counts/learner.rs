//! One step after another: network, optimiser, and the best network so far.

use super::best::Best;
use super::{CountNetwork, CountSettings, Keep, Learning, Memory, StepInput, StepLoss};
use crate::Result;
use crate::nn::State;
use crate::tensor::Device;
use crate::train::{Adam, Learner, NamedGradients, Settings, Step, Terms};

use super::reader::CountBatch;

/// Everything that changes while a method of counts learns.
pub(super) struct CountLearner<N: CountNetwork> {
    network: N,
    adam: Adam,
    memory: N::Memory,
    best: Best<N>,
    settings: N::Settings,
    learning: Learning,
    config: N::Config,
    /// Records gradients.
    device: Device,
    /// The same without.
    plain: Device,
}

impl<N: CountNetwork> CountLearner<N> {
    /// A learner with a network on `Device::autodiff(plain)`.
    pub(super) fn new(
        network: N,
        config: N::Config,
        settings: &N::Settings,
        memory: N::Memory,
        plain: &Device,
    ) -> Self {
        let learning = settings.learning();
        Self {
            network,
            adam: Adam::new(learning.optimiser.adam()),
            memory,
            best: Best::new(),
            settings: settings.clone(),
            learning,
            config,
            device: Device::autodiff(plain.clone()),
            plain: plain.clone(),
        }
    }

    /// The weights that are kept.
    pub(super) fn kept(&mut self) -> State {
        self.best.settle(&self.network);
        State::of(self.best.network().unwrap_or(&self.network))
    }

    fn loss(&mut self, batch: CountBatch, kl: f64, training: bool, at: &Step) -> Result<StepLoss> {
        let classes = batch.classes(&self.device);
        let cells = batch.cells(&self.device)?;
        let mut noise = at.noise();
        let input = StepInput { cells, classes, kl, training, noise: &mut noise, device: &self.device };
        self.network.step(&self.settings, &self.config, &self.memory, input)
    }
}

impl<N: CountNetwork> Learner for CountLearner<N> {
    type Batch = CountBatch;

    fn learn(&mut self, batch: CountBatch, at: &Step) -> Result<Terms> {
        self.best.settle(&self.network);
        // A forward pass moves running averages: they too are those before the step if it fails.
        let before = self.network.clone();
        let computed = self
            .loss(batch, self.learning.kl(at), true, at)
            .and_then(|loss| Ok((loss.read()?.finite(at)?, loss.total.backward())));
        let (terms, gradients) = match computed {
            Ok(computed) => computed,
            Err(error) => {
                self.network = before;
                return Err(error);
            }
        };
        let gradients = NamedGradients::of(&self.network, &gradients);
        self.network = self.adam.step(self.network.clone(), &gradients);
        self.memory.learned(&terms);
        Ok(terms)
    }

    /// With the KL terms in full, so that validation losses compare over the warm-up.
    fn judge(&mut self, batch: CountBatch, at: &Step) -> Result<Terms> {
        let terms = self.loss(batch, 1.0, false, at)?.read()?.finite(at)?;
        if self.learning.keep == Keep::Best {
            self.best.add(terms.get("loss").unwrap_or(f64::NAN));
        }
        Ok(terms)
    }

    fn state(&self) -> State {
        State::default()
            .with("network.", &State::of(&self.network))
            .with("adam.", &self.adam.state())
            .with("memory.", &self.memory.state())
            .with("best.", &self.best.state())
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.network = state.part("network.").load_into(self.network.clone())?;
        self.adam.load(&state.part("adam."), &self.plain)?;
        self.memory.restore(&state.part("memory."))?;
        self.best.restore(&state.part("best."), &self.network)
    }

    fn method(&self) -> &str {
        N::NAME
    }

    fn settings(&self) -> Settings {
        serde_json::to_value(&self.settings).unwrap_or_default()
    }
}
