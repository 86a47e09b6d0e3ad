//! The image decoder of Multi-ContrastiveVAE.
//!
//! ```text
//! n x inputs -> linear, GELU -> 2b x side/8 x side/8
//!            -> transposed 2b, conv 2b, transposed b, conv b (GELU after each), transposed to c, tanh
//! ```
//!
//! Transposed convolutions double the sides. Where a side is no multiple of 8 the last image is a little larger, and its
//! border is cut off.

use burn::module::Module;
use burn::tensor::activation::tanh;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::NetConfig;
use super::by_hand::{size, unrecorded};
use crate::nn::{Conv, ConvStack, ConvTranspose, Init, Layer, Linear, gelu};
use crate::tensor::{Backend, Device, Tensor, unrecorded_on_cpu};

/// The decoder.
#[derive(Module, Debug)]
pub struct Decoder<B: Burn = Backend> {
    fc: Linear<B>,
    convt1: ConvTranspose<B>,
    conv2: Conv<B>,
    convt3: ConvTranspose<B>,
    conv4: Conv<B>,
    convt5: ConvTranspose<B>,
    start_side: usize,
    side: usize,
}

impl Decoder {
    /// With first numbers as the reference code has them: Kaiming normal and biases 0, but transposed convolutions
    /// uniform, as the frameworks start them.
    pub fn new(config: &NetConfig, inputs: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let b = config.base;
        let fc = Linear::new(inputs, config.flat(), Init::KaimingIn, rng, device);
        let convt1 = ConvTranspose::doubling([2 * b, 2 * b], Init::Uniform, rng, device);
        let conv2 = Conv::new([2 * b, 2 * b], 3, Init::KaimingOut, rng, device).padded(1);
        let convt3 = ConvTranspose::doubling([2 * b, b], Init::Uniform, rng, device);
        let conv4 = Conv::new([b, b], 3, Init::KaimingOut, rng, device).padded(1);
        let convt5 = ConvTranspose::doubling([b, config.channels], Init::Uniform, rng, device);
        Self { fc, convt1, conv2, convt3, conv4, convt5, start_side: config.last_side(), side: config.side }
    }

    /// The images after each of the first four convolutions.
    pub fn activations(&self, latent: Tensor<2>) -> [Tensor<4>; 4] {
        self.hidden(self.start(latent))
    }

    /// What the convolutions start with.
    pub(super) fn start(&self, latent: Tensor<2>) -> Tensor<4> {
        let flat = gelu(self.fc.forward(latent));
        let [n, width] = flat.dims();
        flat.reshape([n, width / self.start_side.pow(2), self.start_side, self.start_side])
    }

    fn hidden(&self, start: Tensor<4>) -> [Tensor<4>; 4] {
        let first = gelu(self.convt1.forward(start));
        let second = gelu(self.conv2.forward(first.clone()));
        let third = gelu(self.convt3.forward(second.clone()));
        let fourth = gelu(self.conv4.forward(third.clone()));
        [first, second, third, fourth]
    }

    /// `n x inputs` to images within -1 and 1, `n x c x side x side`.
    pub fn forward(&self, latent: Tensor<2>) -> Tensor<4> {
        self.squashed(self.grown(self.start(latent)))
    }

    /// The start through all convolutions.
    pub(super) fn grown(&self, start: Tensor<4>) -> Tensor<4> {
        if unrecorded_on_cpu(&start) {
            return unrecorded(self.stack(size(&start)), &start);
        }
        let [.., last] = self.hidden(start);
        self.convt5.forward(last)
    }

    /// The convolutions, for a start of this height and width.
    pub(super) fn stack(&self, size: [usize; 2]) -> ConvStack {
        let layers = vec![
            Layer::of_transposed("convt1", &self.convt1).then_gelu(),
            Layer::of("conv2", &self.conv2).then_gelu(),
            Layer::of_transposed("convt3", &self.convt3).then_gelu(),
            Layer::of("conv4", &self.conv4).then_gelu(),
            Layer::of_transposed("convt5", &self.convt5),
        ];
        ConvStack::new(layers, size)
    }

    /// What the convolutions gave as images of the right size, within -1 and 1.
    pub(super) fn squashed(&self, images: Tensor<4>) -> Tensor<4> {
        let beyond = images.dims()[2] - self.side;
        let images = match beyond {
            0 => images,
            _ => images.narrow(2, beyond / 2, self.side).narrow(3, beyond / 2, self.side),
        };
        tanh(images)
    }
}
