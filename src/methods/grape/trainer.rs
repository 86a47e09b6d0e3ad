//! GRAPE in the training loop: an iteration of [`GrapeTraining`] on the images of a batch, the running average of the
//! weights, copies of the table, and a few cells that are followed.
//!
//! | term | |
//! |---|---|
//! | `loss` | of the generator and what learns with it: adversarial, cycle and style, weighted |
//! | `adversarial`, `cycle`, `style` | its parts |
//! | `discriminator` | the discriminator's loss: real, fake and R1, weighted |
//! | `real`, `fake`, `r1` | its parts |
//! | `accuracy` | the share of images that the discriminator takes for what they are, real and translated, before its step |
//! | `knows` | its running mean, see [`Monitor`] |
//!
//! ```text
//! every ema_every steps    average <- keep average + (1 - keep) weights;   a copy of the table;
//!                          the followed cells are translated, and the monitor looks at all styles
//! ```

use burn::module::Module;
use serde_json::json;

use super::copies::{Copies, Copy};
use super::samples::Samples;
use super::{
    Batch, DiscriminatorLoss, GeneratorLoss, GrapeTraining, Images, Iteration, LossConfig, Monitor, NetworkConfig,
    Settings, Translator, discriminator_loss, generator_loss,
};
use crate::Result;
use crate::methods::pixels::{both_devices, image_tensor, tensor_matrix};
use crate::nn::State;
use crate::tensor::{Backend, Device, Tensor};
use crate::train::{Learner, Step, Terms, average};

/// All that changes in a run.
#[derive(Clone, Debug)]
pub struct Trainer {
    /// Networks and optimisers.
    pub training: Box<GrapeTraining>,
    /// The running average of the translator's weights.
    pub average: Box<Translator>,
    /// Copies of the table.
    pub(super) copies: Copies,
    /// Whether discriminator and styles are well.
    pub monitor: Monitor,
    /// The cells that are followed.
    pub(super) samples: Samples,
    network: NetworkConfig,
    settings: Settings,
    names: Vec<String>,
    device: Device,
}

impl Trainer {
    /// A run from here; `device` records gradients and is that of the networks, `names` are those of the classes.
    pub fn new(
        training: Box<GrapeTraining>,
        network: &NetworkConfig,
        settings: &Settings,
        names: &[String],
        device: &Device,
    ) -> Self {
        let average = Box::new(training.translator.clone().no_grad());
        let (network, settings, names) = (network.clone(), settings.clone(), names.to_vec());
        let (copies, monitor, samples, device) =
            (Copies::default(), Monitor::default(), Samples::default(), device.clone());
        Self { training, average, copies, monitor, samples, network, settings, names, device }
    }

    fn batch(&self, Images { images, labels, targets }: Images) -> Result<Batch> {
        Batch::new(image_tensor(images, &self.device), &labels, &targets, &self.network)
    }

    #[inline(never)]
    fn move_average(&mut self) -> Result<()> {
        *self.average = average(self.average.as_ref().clone(), &self.training.translator, self.settings.ema_keep)?;
        Ok(())
    }

    /// What is done every so many steps; what there is to warn of.
    #[inline(never)]
    fn look(&mut self, step: u64) -> Result<Option<String>> {
        self.move_average()?;
        let table = |of: &Translator| tensor_matrix(of.table.val());
        let (last, average) = (table(&self.training.translator)?, table(&self.average)?);
        self.copies.push(Copy { step, last, average });
        self.samples.look(step, &self.average, &self.device)?;
        let classes = burn::Tensor::arange(0..self.names.len() as i64, &self.device);
        Ok(self.monitor.look(tensor_matrix(self.average.style(classes))?.view()))
    }
}

impl Learner for Trainer {
    type Batch = Images;

    fn learn(&mut self, batch: Images, at: &Step) -> Result<Terms> {
        let batch = self.batch(batch)?;
        let (loss, mut said) = (self.settings.loss, Terms::default());
        let step = at.done + 1;
        self.training.step_checked(&batch, |Iteration { discriminator, generator }| {
            said = Terms(terms(discriminator, generator, &loss)).finite(at)?;
            Ok(())
        })?;
        let accuracy = said.get("accuracy");
        let mut warnings: Vec<String> = accuracy.and_then(|accuracy| self.monitor.step(accuracy)).into_iter().collect();
        said.0.push(("knows", self.monitor.knows()));
        if step.is_multiple_of(self.settings.ema_every) {
            warnings.extend(self.look(step)?);
        }
        warnings.iter().for_each(|warning| eprintln!("perturbook: {warning}"));
        Ok(said)
    }

    fn judge(&mut self, batch: Images, _: &Step) -> Result<Terms> {
        let batch = self.batch(batch)?;
        let GrapeTraining { translator, discriminator, loss, .. } = self.training.as_ref();
        let of_discriminator = discriminator_loss(discriminator, translator, &batch, loss)?;
        let of_generator = generator_loss(translator, discriminator, &batch, loss);
        Ok(Terms(terms(&of_discriminator, &of_generator, loss)))
    }

    fn state(&self) -> State {
        let GrapeTraining { translator, discriminator, translator_adam, table_adam, discriminator_adam, .. } =
            self.training.as_ref();
        State::default()
            .with("translator.", &State::of(translator))
            .with("discriminator.", &State::of(discriminator))
            .with("average.", &State::of(self.average.as_ref()))
            .with("translator_adam.", &translator_adam.state())
            .with("table_adam.", &table_adam.state())
            .with("discriminator_adam.", &discriminator_adam.state())
            .with("monitor.", &self.monitor.state())
            .with("samples.", &self.samples.state())
            .with("copies.", &self.copies.state())
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        let copies = Copies::restore(&state.part("copies."))?;
        let monitor = Monitor::restore(&state.part("monitor."))?;
        let samples = Samples::restore(&state.part("samples."))?;
        put(&state.part("translator."), &mut self.training.translator)?;
        put(&state.part("discriminator."), &mut self.training.discriminator)?;
        put(&state.part("average."), self.average.as_mut())?;
        let device = both_devices(&self.device).0;
        self.training.translator_adam.load(&state.part("translator_adam."), &device)?;
        self.training.table_adam.load(&state.part("table_adam."), &device)?;
        self.training.discriminator_adam.load(&state.part("discriminator_adam."), &device)?;
        (self.copies, self.monitor) = (copies, monitor);
        // Cells that were never looked at are those that the run was started with.
        if !samples.seen.is_empty() {
            self.samples = samples;
        }
        Ok(())
    }

    fn method(&self) -> &str {
        super::NAME
    }

    fn settings(&self) -> serde_json::Value {
        json!({"settings": self.settings, "classes": self.names})
    }
}

/// Puts numbers into a network.
#[inline(never)]
fn put<M: Module<Backend>>(state: &State, network: &mut M) -> Result<()> {
    *network = state.load_into(network.clone())?;
    Ok(())
}

/// What both losses say.
fn terms(
    discriminator: &DiscriminatorLoss,
    generator: &GeneratorLoss,
    weights: &LossConfig,
) -> Vec<(&'static str, f64)> {
    let mean = |each: &Tensor<1>| number(each.clone().mean());
    let right = (discriminator.real_logit.clone().greater_elem(0.0).float().mean()
        + discriminator.fake_logit.clone().lower_elem(0.0).float().mean())
        / 2.0;
    vec![
        ("loss", number(generator.total(weights))),
        ("adversarial", mean(&generator.adversarial)),
        ("cycle", mean(&generator.cycle)),
        ("style", mean(&generator.style)),
        ("discriminator", number(discriminator.total(weights))),
        ("real", mean(&discriminator.real)),
        ("fake", mean(&discriminator.fake)),
        ("r1", mean(&discriminator.r1)),
        ("accuracy", number(right)),
    ]
}

fn number(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.into_scalar())
}
