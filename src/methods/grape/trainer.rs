//! GRAPE in the training loop: an iteration of [`GrapeTraining`] on the images of a batch, the running average of the
//! weights, and copies of the table.
//!
//! | term | |
//! |---|---|
//! | `loss` | of the generator and what learns with it: adversarial, cycle and style, weighted |
//! | `adversarial`, `cycle`, `style` | its parts |
//! | `discriminator` | the discriminator's loss: real, fake and R1, weighted |
//! | `real`, `fake`, `r1` | its parts |
//! | `accuracy` | the share of images that the discriminator takes for what they are, real and translated, before its step |
//!
//! ```text
//! every ema_every steps    average <- keep average + (1 - keep) weights;   a copy of the table, the last few are kept
//! ```

use burn::module::Module;
use ndarray::{Array1, ArrayD, Axis, IxDyn, concatenate};
use serde_json::json;

use super::{
    Batch, DiscriminatorLoss, GeneratorLoss, GrapeTraining, Images, Iteration, LossConfig, NetworkConfig, Settings,
    Translator, discriminator_loss, generator_loss,
};
use crate::methods::pixels::{both_devices, image_tensor};
use crate::nn::State;
use crate::tensor::{Backend, Device, Tensor};
use crate::train::{Learner, Step, Terms, average};
use crate::{Error, Result};

/// All that changes in a run.
#[derive(Clone, Debug)]
pub struct Trainer {
    /// Networks and optimisers.
    pub training: Box<GrapeTraining>,
    /// The running average of the translator's weights.
    pub average: Box<Translator>,
    /// Copies of the table, the earliest first.
    pub copies: Vec<ArrayD<f32>>,
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
        Self { training, average, copies: Vec::new(), network, settings, names, device: device.clone() }
    }

    fn batch(&self, Images { images, labels, targets }: Images) -> Result<Batch> {
        Batch::new(image_tensor(images, &self.device), &labels, &targets, &self.network)
    }

    #[inline(never)]
    fn move_average(&mut self) -> Result<()> {
        *self.average = average(self.average.as_ref().clone(), &self.training.translator, self.settings.ema_keep)?;
        Ok(())
    }

    fn table(&self) -> ArrayD<f32> {
        State::of(&self.training.translator).get("table").cloned().unwrap_or_default()
    }
}

impl Learner for Trainer {
    type Batch = Images;

    fn learn(&mut self, batch: Images, at: &Step) -> Result<Terms> {
        let batch = self.batch(batch)?;
        let (loss, mut said) = (self.settings.loss, Terms::default());
        self.training.step_checked(&batch, |Iteration { discriminator, generator }| {
            said = Terms(terms(discriminator, generator, &loss)).finite(at)?;
            Ok(())
        })?;
        if (at.done + 1).is_multiple_of(self.settings.ema_every) {
            self.move_average()?;
            self.copies.push(self.table());
            let surplus = self.copies.len().saturating_sub(self.settings.copies);
            self.copies.drain(..surplus);
        }
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
        let GrapeTraining { translator, discriminator, translator_adam, discriminator_adam, .. } =
            self.training.as_ref();
        let mut state = State::default()
            .with("translator.", &State::of(translator))
            .with("discriminator.", &State::of(discriminator))
            .with("average.", &State::of(self.average.as_ref()))
            .with("translator_adam.", &translator_adam.state())
            .with("discriminator_adam.", &discriminator_adam.state());
        state.insert("copies.count", Array1::from(vec![self.copies.len() as f32]).into_dyn());
        for (number, copy) in self.copies.iter().enumerate() {
            state.insert(format!("copies.{number}"), copy.clone());
        }
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        let lacks = || Error::new("the state lacks copies of the table").fix("resume from another checkpoint");
        let count = state.get("copies.count").and_then(|count| count.first().copied()).ok_or_else(lacks)?;
        let copy = |number: usize| state.get(&format!("copies.{number}")).cloned().ok_or_else(lacks);
        let copies = (0..count as usize).map(copy).collect::<Result<_>>()?;
        put(&state.part("translator."), &mut self.training.translator)?;
        put(&state.part("discriminator."), &mut self.training.discriminator)?;
        put(&state.part("average."), self.average.as_mut())?;
        let device = both_devices(&self.device).0;
        self.training.translator_adam.load(&state.part("translator_adam."), &device)?;
        self.training.discriminator_adam.load(&state.part("discriminator_adam."), &device)?;
        self.copies = copies;
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

/// The mean of copies of one shape; none where there is none.
pub(super) fn mean(copies: &[ArrayD<f32>]) -> Option<ArrayD<f32>> {
    let first = copies.first()?;
    let sum = copies.iter().fold(ArrayD::<f64>::zeros(first.raw_dim()), |sum, copy| sum + copy.mapv(f64::from));
    Some((sum / copies.len() as f64).mapv(|v| v as f32))
}

/// Copies of one shape in one array, `copies x classes x code`.
pub(super) fn stacked(copies: &[ArrayD<f32>]) -> ArrayD<f32> {
    let views: Vec<_> = copies.iter().map(|copy| copy.view().insert_axis(Axis(0))).collect();
    concatenate(Axis(0), &views).unwrap_or_else(|_| ArrayD::zeros(IxDyn(&[0])))
}

fn number(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.into_scalar())
}
