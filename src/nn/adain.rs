//! Adaptive instance normalisation: a style sets the mean and spread of every channel (section 3.2 of the
//! specification).
//!
//! ```text
//! (gamma, beta) = W style + b,        channels numbers each
//! y = (1 + gamma) instance_norm(x) + beta
//! ```
//!
//! The block of a generator's second half, where images may grow:
//!
//! ```text
//! AdaIN LReLU [double] conv3x3 in->out AdaIN LReLU conv3x3 out->out      the branch
//! [conv1x1 in->out, where the two differ] [double]                       the shortcut
//! y = (branch + shortcut) / sqrt 2
//! ```
//!
//! The shortcut's convolution stands before the doubling: the same numbers for a quarter of the work.

use std::f64::consts::SQRT_2;

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::instance_norm::EPSILON;
use super::rows::{image_rows, scaled_rows};
use super::{Conv, Init, Linear, doubled, leaky_relu};
use crate::tensor::{Backend, Device, Tensor};

/// Adaptive instance normalisation.
#[derive(Module, Debug)]
pub struct AdaIn<B: Burn = Backend> {
    /// From the style to the gains, as far as they differ from 1, and then the offsets of all channels.
    pub fc: Linear<B>,
}

impl AdaIn {
    /// For images of so many channels and styles of so many numbers.
    ///
    /// ```
    /// use perturbook::nn::{AdaIn, Init, instance_norm};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let layer = AdaIn::new(1, 3, Init::KaimingIn, &mut rng, &cpu());
    /// let image = Tensor::<4>::from_floats([[[[1.0, 3.0]]]], &cpu());
    /// // With gamma and beta at 0 it is plain instance normalisation.
    /// let y = layer.forward(image.clone(), Tensor::zeros([1, 3], &cpu()));
    /// assert_eq!(y.into_data(), instance_norm(image).into_data());
    /// ```
    pub fn new(channels: usize, style: usize, init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self { fc: Linear::new(style, 2 * channels, init, rng, device) }
    }

    /// Images `n x channels x rows x columns` with styles `n x style`; the shape of images stays.
    pub fn forward(&self, x: Tensor<4>, style: Tensor<2>) -> Tensor<4> {
        let shape @ [n, channels, _, _] = x.dims();
        let both = self.fc.forward(style);
        let part = |from: usize| both.clone().narrow(1, from, channels).reshape([n * channels, 1]);
        scaled_rows(image_rows(x), EPSILON, part(0) + 1.0, part(channels)).reshape(shape)
    }
}

/// A residual block under a style.
///
/// ```
/// use perturbook::nn::{AdaInBlock, Init};
/// use perturbook::tensor::{Tensor, cpu};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let block = AdaInBlock::new([8, 4], 3, Init::KaimingIn, &mut rng, &cpu()).doubling();
/// let y = block.forward(Tensor::zeros([2, 8, 8, 8], &cpu()), Tensor::zeros([2, 3], &cpu()));
/// assert_eq!(y.dims(), [2, 4, 16, 16]);
/// ```
#[derive(Module, Debug)]
pub struct AdaInBlock<B: Burn = Backend> {
    /// Before the first activation.
    pub adain1: AdaIn<B>,
    /// 3x3, `in -> out`.
    pub conv1: Conv<B>,
    /// Before the second activation.
    pub adain2: AdaIn<B>,
    /// 3x3, `out -> out`.
    pub conv2: Conv<B>,
    /// 1x1, `in -> out` without bias; none where the two are equal.
    pub shortcut: Option<Conv<B>>,
    doubles: bool,
}

impl AdaInBlock {
    /// A block of `channels = [in, out]` that keeps the sides of images.
    pub fn new(channels: [usize; 2], style: usize, init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [inputs, outputs] = channels;
        Self {
            adain1: AdaIn::new(inputs, style, init, rng, device),
            conv1: Conv::new(channels, 3, init, rng, device).padded(1),
            adain2: AdaIn::new(outputs, style, init, rng, device),
            conv2: Conv::new([outputs, outputs], 3, init, rng, device).padded(1),
            shortcut: (inputs != outputs).then(|| Conv::new(channels, 1, init, rng, device).without_bias()),
            doubles: false,
        }
    }

    /// The same for images of double the sides.
    pub fn doubling(mut self) -> Self {
        self.doubles = true;
        self
    }

    /// Whether images come out with double the sides.
    pub(super) fn doubles(&self) -> bool {
        self.doubles
    }

    /// `n x in x rows x columns` with styles `n x style` to `n x out x rows' x columns'`.
    pub fn forward(&self, x: Tensor<4>, style: Tensor<2>) -> Tensor<4> {
        let grow = |x: Tensor<4>| if self.doubles { doubled(x) } else { x };
        let shortcut = grow(match &self.shortcut {
            Some(conv) => conv.forward(x.clone()),
            None => x.clone(),
        });
        let x = self.conv1.forward(grow(leaky_relu(self.adain1.forward(x, style.clone()))));
        let x = self.conv2.forward(leaky_relu(self.adain2.forward(x, style)));
        (x + shortcut) / SQRT_2
    }
}
