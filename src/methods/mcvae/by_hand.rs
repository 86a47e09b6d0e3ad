//! The convolutions of encoders and decoder, on the tape or by hand.
//!
//! ```text
//! images -> convolutions -> features -> posteriors, samples, first layer of the decoder -> start -> convolutions -> images
//!           by hand                     on the tape                                                by hand      -> NLL, tape
//! ```
//!
//! Backward the likelihood comes first, then the decoder's convolutions, then what lies between, and the encoders' last.

use burn::module::Module;
use burn::tensor::TensorData;

use super::{Decoder, Encoder};
use crate::nn::{ConvStack, Forward, State, numbers};
use crate::tensor::{Backend, Tensor, plain};
use crate::train::NamedGradients;

/// How a pass gets through the convolutions.
pub(super) trait Convolutions {
    /// What an encoder's convolutions make of images, `n x (c h w)`; `field` is the encoder's in the network.
    fn encode(&mut self, field: &'static str, encoder: &Encoder, images: Tensor<4>) -> Tensor<2>;

    /// What the decoder's convolutions make of their start, before the images are cut and squashed.
    fn decode(&mut self, decoder: &Decoder, start: Tensor<4>) -> Tensor<4>;
}

/// All on the tape.
pub(super) struct OnTape;

impl Convolutions for OnTape {
    fn encode(&mut self, _: &'static str, encoder: &Encoder, images: Tensor<4>) -> Tensor<2> {
        encoder.features(images)
    }

    fn decode(&mut self, decoder: &Decoder, start: Tensor<4>) -> Tensor<4> {
        decoder.grown(start)
    }
}

/// By hand, on a CPU: what each gives is a new start of the tape.
#[derive(Default)]
pub(super) struct ByHand {
    encoders: Vec<(&'static str, Made, Tensor<2>)>,
    decoder: Option<(Made, Tensor<4>, Tensor<4>)>,
}

/// Images through convolutions.
struct Made {
    stack: ConvStack,
    read: Vec<f32>,
    forward: Forward,
}

impl Made {
    fn new(stack: ConvStack, images: &Tensor<4>) -> Self {
        let read = numbers(images.clone());
        let forward = stack.forward(&read);
        Self { stack, read, forward }
    }

    fn tensor(&self, like: &Tensor<4>) -> Tensor<4> {
        let [channels, height, width] = self.stack.shape();
        let values = TensorData::new(self.forward.values(), [like.dims()[0], channels, height, width]);
        Tensor::from_data(values, &like.device())
    }

    /// The gradients of the weights by the network's names, and of the images where they are `wanted`.
    fn backward<const D: usize>(&self, field: &str, slope: Tensor<D>, wanted: bool) -> (State, Vec<f32>) {
        let (state, inner) = self.stack.backward(&self.read, &self.forward, &numbers(slope), wanted);
        (State::default().with(&format!("{field}."), &state), inner)
    }
}

/// Images through convolutions where nothing is recorded.
pub(super) fn unrecorded(stack: ConvStack, images: &Tensor<4>) -> Tensor<4> {
    Made::new(stack, images).tensor(images)
}

impl Convolutions for ByHand {
    fn encode(&mut self, field: &'static str, encoder: &Encoder, images: Tensor<4>) -> Tensor<2> {
        let made = Made::new(encoder.stack(size(&images)), &images);
        let given: Tensor<2> = made.tensor(&images).flatten(1, 3).detach().require_grad();
        self.encoders.push((field, made, given.clone()));
        given
    }

    fn decode(&mut self, decoder: &Decoder, start: Tensor<4>) -> Tensor<4> {
        let made = Made::new(decoder.stack(size(&start)), &start);
        let given = made.tensor(&start).require_grad();
        self.decoder = Some((made, start, given.clone()));
        given
    }
}

impl ByHand {
    /// The gradients of a loss that is the sum of `likelihood`, which hangs on what the decoder gave, and of the `rest`, which
    /// does not.
    pub(super) fn gradients(
        self,
        net: &impl Module<Backend>,
        likelihood: Tensor<1>,
        mut rest: Tensor<1>,
    ) -> NamedGradients {
        let device = rest.device();
        let grads = likelihood.backward();
        let mut found = NamedGradients::of(net, &grads);
        let mut by_hand = State::default();
        if let Some((made, start, given)) = self.decoder
            && let Some(slope) = given.grad(&grads)
        {
            let (state, inner) = made.backward("decoder", slope, true);
            by_hand = by_hand.with("", &state);
            rest = rest + (start.clone() * Tensor::from_data(TensorData::new(inner, start.dims()), &device)).sum();
        }
        let grads = rest.backward();
        found = found.plus(NamedGradients::of(net, &grads));
        for (field, made, given) in self.encoders {
            if let Some(slope) = given.grad(&grads) {
                by_hand = by_hand.with("", &made.backward(field, slope, false).0);
            }
        }
        found.plus(NamedGradients::from_state(&by_hand, &plain(&device)))
    }
}

/// Height and width.
pub(super) fn size(images: &Tensor<4>) -> [usize; 2] {
    let [.., height, width] = images.dims();
    [height, width]
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::methods::mcvae::{ContrastiveConfig, ContrastiveVae, NetConfig, Pairs, Vae};
    use crate::nn::normal;
    use crate::tensor::{Device, cpu};

    fn agree(hand: &NamedGradients, tape: &NamedGradients, parameters: usize) {
        let (hand, tape) = (hand.to_state(), tape.to_state());
        assert_eq!(hand.names(), tape.names());
        assert_eq!(tape.names().len(), parameters);
        for (name, values) in tape.iter() {
            let found = hand.get(name).unwrap().iter();
            let apart = found.zip(values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let largest = values.iter().copied().map(f32::abs).fold(0.0, f32::max);
            assert!(apart < 2e-5 * largest.max(1e-3) && largest > 0.0, "{name}: {apart} of {largest}");
        }
    }

    #[test]
    fn gradients_are_those_of_the_tape() {
        let device = Device::autodiff(cpu());
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        // 12 is no multiple of 8: images are cut.
        let sizes = NetConfig { side: 12, channels: 2, base: 3 };
        let images = |rng: &mut _| normal([3, 2, 12, 12], 0.4, rng, &device);

        let config = ContrastiveConfig {
            net: sizes.clone(),
            latent: 4,
            batch_width: 2,
            batches: 2,
            labels: 3,
            ..Default::default()
        };
        let net = ContrastiveVae::new(&config, &mut rng, &device);
        let of = |values: [i32; 3]| burn::Tensor::from_data(values, &device);
        let pairs = Pairs {
            background: images(&mut rng),
            target: images(&mut rng),
            background_label: of([0, 0, 0]),
            target_label: of([1, 2, 1]),
            background_batch: of([0, 1, 0]),
            target_batch: of([1, 1, 0]),
        };
        let noise = [(); 2].map(|()| normal([6, 4], 1.0, &mut rng, &device));
        let pass = net.pass(&pairs, noise[0].clone(), noise[1].clone());
        let tape = NamedGradients::of(&net, &pass.loss(0.7, 8.0).backward());
        let mut by = ByHand::default();
        let same = net.pass_by(&mut by, &pairs, noise[0].clone(), noise[1].clone());
        assert!((same.reconstruction.clone() - pass.reconstruction).abs().max().into_scalar() < 1e-5);
        let hand = by.gradients(&net, same.nll().mean(), same.divergences(8.0).mean() * 0.7);
        agree(&hand, &tape, 2 * 14 + 12 + 4);

        let net = Vae::new(&sizes, 5, &mut rng, &device);
        let (batch, noise) = (images(&mut rng), normal([3, 5], 1.0, &mut rng, &device));
        let tape = NamedGradients::of(&net, &net.pass(batch.clone(), noise.clone()).loss(0.3).backward());
        let mut by = ByHand::default();
        let pass = net.pass_by(&mut by, batch.clone(), noise);
        agree(&by.gradients(&net, pass.nll.mean(), pass.kl.mean() * 0.3), &tape, 14 + 12 + 1);

        // Where nothing is recorded, encoders and decoder go by hand as well.
        let unrecorded = State::of(&net).load_into(Vae::new(&sizes, 5, &mut rng, &cpu())).unwrap();
        let (recorded, plain) = (net.embed(batch.clone()).mean, unrecorded.embed(batch.inner()).mean);
        assert!((recorded.inner() - plain).abs().max().into_scalar() < 1e-5);
    }
}
