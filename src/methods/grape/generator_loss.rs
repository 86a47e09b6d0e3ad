//! The loss of generator, mapping network, gene table and style encoder (section 3.3 of the specification).
//!
//! ```text
//! s = F(M_z),  x' = G(x, s)
//! adversarial   softplus(-D_z(x'))
//! cycle         mean |x - G(x', E(x))|             over channels and pixels
//! style         mean |sg(s) - E(sg(x'))|           over the numbers of a style
//! total         mean of  adversarial + lambda_cycle cycle + lambda_style style
//! ```
//!
//! | term | G | F, M | E |
//! |---|---|---|---|
//! | adversarial | yes | yes | no |
//! | cycle | yes | yes, through x' | yes |
//! | style | no | no | yes |
//! | style without detachment | yes | yes | yes |

use burn::module::Module;
use burn::tensor::activation::log_sigmoid;

use super::{Batch, Discriminator, LossConfig, Translator, of_class};
use crate::tensor::Tensor;

/// The terms of the generator's loss, one number for each image.
#[derive(Clone, Debug)]
pub struct GeneratorLoss {
    /// That the discriminator takes translated images for real ones of the target.
    pub adversarial: Tensor<1>,
    /// How far an image is from itself, translated there and back; 0 where its weight is 0.
    pub cycle: Tensor<1>,
    /// How far the style of a translated image is from the one asked for; 0 where its weight is 0.
    pub style: Tensor<1>,
}

impl GeneratorLoss {
    /// The mean over images of all terms, weighted.
    pub fn total(&self, config: &LossConfig) -> Tensor<1> {
        (self.adversarial.clone() + self.cycle.clone() * config.cycle + self.style.clone() * config.style).mean()
    }
}

/// The terms for a batch; the discriminator gets no gradients.
pub fn generator_loss(
    translator: &Translator,
    discriminator: &Discriminator,
    batch: &Batch,
    config: &LossConfig,
) -> GeneratorLoss {
    let Batch { images, targets, .. } = batch;
    let Translator { generator, style_encoder, .. } = translator;
    let style = translator.style(targets.clone());
    let translated = generator.forward(images.clone(), style.clone());
    let logits = discriminator.clone().no_grad().forward(translated.clone());
    let adversarial = -log_sigmoid(of_class(logits, targets.clone()));
    let cycle = if config.cycle == 0.0 {
        adversarial.zeros_like()
    } else {
        let back = generator.forward(translated.clone(), style_encoder.forward(images.clone()));
        apart(images.clone(), back)
    };
    let style = if config.style == 0.0 {
        adversarial.zeros_like()
    } else if config.detach {
        apart(style.detach(), style_encoder.forward(translated.detach()))
    } else {
        apart(style, style_encoder.forward(translated))
    };
    GeneratorLoss { adversarial, cycle, style }
}

/// The mean distance of the numbers of each item.
fn apart<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<1> {
    let shape = a.dims();
    let each = shape[1..].iter().product::<usize>();
    (a - b).abs().reshape([shape[0], each]).mean_dim(1).reshape([shape[0]])
}
