//! One iteration of GRAPE: a step of the discriminator, then a step of all other networks against it.

use burn::tensor::backend::Backend as Burn;

use super::{
    Batch, Discriminator, DiscriminatorLoss, GeneratorLoss, LossConfig, Translator, by_hand, discriminator_loss,
    generator_loss,
};
use crate::Result;
use crate::tensor::{Backend, can_go_by_hand};
use crate::train::{Adam, AdamConfig, NamedGradients};

/// The networks with their optimisers.
#[derive(Clone, Debug)]
pub struct GrapeTraining {
    /// Gene table, mapping network, generator and style encoder.
    pub translator: Translator,
    /// What they learn against.
    pub discriminator: Discriminator,
    /// The optimiser of the translator's networks.
    pub translator_adam: Adam,
    /// The optimiser of the table.
    pub table_adam: Adam,
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

    /// Networks that have not learned yet; table and networks with the same settings of their optimisers.
    pub fn new(translator: Translator, discriminator: Discriminator, loss: LossConfig, adam: AdamConfig) -> Self {
        let [translator_adam, table_adam, discriminator_adam] = [(); 3].map(|()| Adam::new(adam));
        Self { translator, discriminator, translator_adam, table_adam, discriminator_adam, loss }
    }

    /// The same with another optimiser of the table.
    pub fn with_table_adam(mut self, adam: AdamConfig) -> Self {
        self.table_adam = Adam::new(adam);
        self
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
        let (discriminator, gradients) = self.of_discriminator(batch)?;
        self.discriminator = self.discriminator_adam.step(self.discriminator.clone(), &gradients);
        let (generator, gradients) = self.of_generator(batch);
        let iteration = Iteration { discriminator, generator };
        if let Err(error) = check(&iteration) {
            (self.discriminator, self.discriminator_adam) = (*before.0, before.1);
            return Err(error);
        }
        let (of_table, of_networks) = gradients.split(|name| name == "table");
        self.translator = self.translator_adam.step(self.translator.clone(), &of_networks);
        self.translator = self.table_adam.step(self.translator.clone(), &of_table);
        Ok(iteration)
    }

    /// The loss of the discriminator and its gradients, on a CPU by hand.
    fn of_discriminator(&self, batch: &Batch) -> Result<(DiscriminatorLoss, NamedGradients)> {
        let Self { translator, discriminator, loss: config, .. } = self;
        if can_go_by_hand(&batch.images) && Backend::ad_enabled(&batch.images.device()) {
            return Ok(by_hand::discriminator_step(discriminator, translator, batch, config));
        }
        let loss = discriminator_loss(discriminator, translator, batch, config)?;
        let gradients = NamedGradients::of(discriminator, &loss.total(config).backward());
        Ok((loss, gradients))
    }

    /// The loss of the other networks and its gradients, on a CPU by hand.
    fn of_generator(&self, batch: &Batch) -> (GeneratorLoss, NamedGradients) {
        let Self { translator, discriminator, loss: config, .. } = self;
        if can_go_by_hand(&batch.images) {
            return by_hand::generator_step(translator, discriminator, batch, config);
        }
        let loss = generator_loss(translator, discriminator, batch, config);
        let gradients = NamedGradients::of(translator, &loss.total(config).backward());
        (loss, gradients)
    }
}
