//! One iteration of GRAPE: a step of the discriminator, then a step of all other networks against it.

use super::{
    Batch, Discriminator, DiscriminatorLoss, GeneratorLoss, LossConfig, Translator, discriminator_loss, generator_loss,
};
use crate::Result;
use crate::train::{Adam, AdamConfig, NamedGradients};

/// The networks with their optimisers.
#[derive(Clone, Debug)]
pub struct GrapeTraining {
    /// Gene table, mapping network, generator and style encoder.
    pub translator: Translator,
    /// What they learn against.
    pub discriminator: Discriminator,
    /// The optimiser of the translator.
    pub translator_adam: Adam,
    /// The optimiser of the discriminator.
    pub discriminator_adam: Adam,
    /// The weights of the losses.
    pub loss: LossConfig,
}

/// The terms of both losses, as they were before the step of each.
#[derive(Clone, Debug)]
pub struct Iteration {
    /// Of the discriminator.
    pub discriminator: DiscriminatorLoss,
    /// Of the other networks, against the discriminator after its step.
    pub generator: GeneratorLoss,
}

impl GrapeTraining {
    /// The optimiser of the paper: Adam with betas 0 and 0.99, rate 1e-4 and L2 of 1e-4 added to gradients.
    ///
    /// ```
    /// use perturbook::methods::grape::GrapeTraining;
    ///
    /// assert_eq!(GrapeTraining::adam().betas, [0.0, 0.99]);
    /// ```
    pub fn adam() -> AdamConfig {
        AdamConfig { rate: 1e-4, betas: [0.0, 0.99], decay: 1e-4, ..AdamConfig::default() }
    }

    /// Networks that have not learned yet.
    pub fn new(translator: Translator, discriminator: Discriminator, loss: LossConfig, adam: AdamConfig) -> Self {
        let (translator_adam, discriminator_adam) = (Adam::new(adam), Adam::new(adam));
        Self { translator, discriminator, translator_adam, discriminator_adam, loss }
    }

    /// A step of the discriminator on a batch, then a step of the other networks on the same batch.
    ///
    /// # Errors
    /// When the images' device does not record gradients.
    pub fn step(&mut self, batch: &Batch) -> Result<Iteration> {
        self.step_checked(batch, |_| Ok(()))
    }

    /// The same; `check` sees the terms before the step of the other networks, and where it fails nothing has changed.
    ///
    /// # Errors
    /// As [`GrapeTraining::step`], and those of `check`.
    pub fn step_checked(&mut self, batch: &Batch, check: impl FnOnce(&Iteration) -> Result<()>) -> Result<Iteration> {
        let before = (Box::new(self.discriminator.clone()), self.discriminator_adam.clone());
        let discriminator = discriminator_loss(&self.discriminator, &self.translator, batch, &self.loss)?;
        let gradients = discriminator.total(&self.loss).backward();
        let gradients = NamedGradients::of(&self.discriminator, &gradients);
        self.discriminator = self.discriminator_adam.step(self.discriminator.clone(), &gradients);
        let generator = generator_loss(&self.translator, &self.discriminator, batch, &self.loss);
        let iteration = Iteration { discriminator, generator };
        if let Err(error) = check(&iteration) {
            (self.discriminator, self.discriminator_adam) = (*before.0, before.1);
            return Err(error);
        }
        let gradients = iteration.generator.total(&self.loss).backward();
        let gradients = NamedGradients::of(&self.translator, &gradients);
        self.translator = self.translator_adam.step(self.translator.clone(), &gradients);
        Ok(iteration)
    }
}
