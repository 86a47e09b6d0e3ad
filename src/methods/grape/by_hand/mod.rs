//! Both steps of GRAPE by hand on a CPU: a core takes a few images through all networks of a step, forward and backward.
//!
//! What belongs to perturbations and not to images (table, attention, mapping network) stays on the tape, which ends and begins
//! at the styles.

mod discriminator;
mod discriminator_step;
mod generator;
mod generator_step;
mod style_encoder;
mod trunk;

pub(super) use discriminator_step::discriminator_step;
pub(super) use generator_step::generator_step;

use burn::tensor::{Int, TensorData};

use super::Batch;
use crate::nn::numbers;
use crate::nn::planes::Planes;
use crate::tensor::{Backend, Device, Tensor};

/// A batch's numbers.
struct Numbers {
    images: Vec<f32>,
    labels: Vec<usize>,
    targets: Vec<usize>,
    channels: usize,
    size: [usize; 2],
}

impl Numbers {
    fn of(batch: &Batch) -> Self {
        let [_, channels, height, width] = batch.images.dims();
        let classes = |of: &burn::Tensor<Backend, 1, Int>| -> Vec<usize> {
            of.to_data().iter::<i64>().map(|class| class as usize).collect()
        };
        Self {
            images: numbers(batch.images.clone()),
            labels: classes(&batch.labels),
            targets: classes(&batch.targets),
            channels,
            size: [height, width],
        }
    }

    fn count(&self) -> usize {
        self.labels.len()
    }

    fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Some of the images.
    fn planes(&self, images: &std::ops::Range<usize>) -> Planes {
        let each = self.channels * self.pixels();
        Planes::of_images(&self.images[images.start * each..images.end * each], self.channels, self.size)
    }
}

/// `ln(1 + exp x)`.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The slope of [`softplus`].
fn sigmoid(x: f32) -> f32 {
    (1.0 + (-x).exp()).recip()
}

/// A number for each image.
fn each(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::methods::grape::{
        Discriminator, LossConfig, NetworkConfig, Translator, discriminator_loss, generator_loss,
    };
    use crate::nn::normal;
    use crate::tensor::cpu;
    use crate::train::NamedGradients;

    fn agree(what: &str, hand: &NamedGradients, tape: &NamedGradients) {
        let (hand, tape) = (hand.to_state(), tape.to_state());
        assert_eq!(hand.names(), tape.names(), "{what}");
        let size = |values: &ndarray::ArrayD<f32>| values.iter().copied().map(f32::abs).fold(0.0, f32::max);
        let most = tape.iter().map(|(_, values)| size(values)).fold(0.0, f32::max);
        for (name, values) in tape.iter() {
            let found = hand.get(name).unwrap();
            assert_eq!(found.len(), values.len(), "{what} {name}");
            let apart = found.iter().zip(values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // What a norm takes away again, as a bias before it, has a gradient of rounding errors.
            assert!(apart < 1e-4 * size(values) + 1e-6 * most, "{what} {name}: {apart} of {}", size(values));
        }
    }

    fn same(what: &str, hand: &Tensor<1>, tape: &Tensor<1>) {
        let apart = (hand.clone() - tape.clone()).abs().max().into_scalar();
        assert!(apart < 1e-4 * tape.clone().abs().max().into_scalar().max(1.0), "{what}: {apart}");
    }

    #[test]
    fn losses_and_gradients_are_those_of_the_tape() {
        let device = Device::autodiff(cpu());
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let small = NetworkConfig {
            channels: 2,
            classes: 5,
            code: 4,
            hidden: 6,
            style: 3,
            base: 3,
            widest: 7,
            levels: 2,
            blocks: 2,
            ..NetworkConfig::default()
        };
        let plain = LossConfig::default();
        // 20 halved twice is 5, and what the head leaves of that is 3 x 3: odd sides, and a mean over positions.
        for (sizes, side, loss) in [
            (small.clone(), 20, plain),
            (NetworkConfig { attention: true, levels: 1, blocks: 3, head: 1, ..small.clone() }, 10, plain),
            (
                NetworkConfig { base: 4, widest: 4, ..small.clone() },
                12,
                LossConfig { r1: 3.0, cycle: 0.5, style: 2.0, detach: false },
            ),
            (small.clone(), 12, LossConfig { r1: 0.0, ..LossConfig::without_cycle() }),
            (small.clone(), 12, LossConfig { style: 0.0, ..plain }),
            (small, 12, LossConfig { style: 0.0, ..LossConfig::without_cycle() }),
        ] {
            let what = format!("{sizes:?} {side} {loss:?}");
            let translator = Translator::new(&sizes, &mut rng, &device).unwrap();
            let discriminator = Discriminator::new(&sizes, &mut rng, &device).unwrap();
            let (labels, targets): (Vec<usize>, Vec<usize>) = (0..41).map(|i| (i % 5, (i * 2 + 1) % 5)).unzip();
            let images = normal([41, 2, side, side], 0.7, &mut rng, &device);
            let batch = Batch::new(images, &labels, &targets, &sizes).unwrap();

            // Each loss goes backward before the next forward pass: burn frees what graphs have in common.
            let tape = discriminator_loss(&discriminator, &translator, &batch, &loss).unwrap();
            let on_tape = NamedGradients::of(&discriminator, &tape.total(&loss).backward());
            let (hand, gradients) = discriminator_step(&discriminator, &translator, &batch, &loss);
            agree(&what, &gradients, &on_tape);
            for (term, hand, tape) in [
                ("real", &hand.real, &tape.real),
                ("fake", &hand.fake, &tape.fake),
                ("r1", &hand.r1, &tape.r1),
                ("real logit", &hand.real_logit, &tape.real_logit),
                ("fake logit", &hand.fake_logit, &tape.fake_logit),
            ] {
                same(&format!("{what} {term}"), hand, tape);
            }

            let tape = generator_loss(&translator, &discriminator, &batch, &loss);
            let on_tape = NamedGradients::of(&translator, &tape.total(&loss).backward());
            let (hand, gradients) = generator_step(&translator, &discriminator, &batch, &loss);
            for (term, hand, tape) in [
                ("adversarial", &hand.adversarial, &tape.adversarial),
                ("cycle", &hand.cycle, &tape.cycle),
                ("style", &hand.style, &tape.style),
            ] {
                same(&format!("{what} {term}"), hand, tape);
            }
            agree(&what, &gradients, &on_tape);
        }
    }
}
