//! The residual block of image networks (section 3.2 of the specification), activations before convolutions.
//!
//! ```text
//! [norm] LReLU conv3x3 in->in [halve] [norm] LReLU conv3x3 in->out       the branch
//! [conv1x1 in->out, where the two differ] [halve]                        the shortcut
//! y = (branch + shortcut) / sqrt 2
//! ```
//!
//! The shortcut halves before its convolution: the same numbers for a quarter of the work.

use std::f64::consts::SQRT_2;

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{Conv, Dual, Init, InstanceNorm, halved, leaky_relu};
use crate::tensor::{Backend, Device, Tensor};

/// A residual block.
///
/// ```
/// use perturbook::nn::{Init, ResidualBlock};
/// use perturbook::tensor::{Tensor, cpu};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let block = ResidualBlock::new([4, 8], Init::KaimingIn, &mut rng, &cpu()).normalised().halving();
/// assert_eq!(block.forward(Tensor::zeros([2, 4, 16, 16], &cpu())).dims(), [2, 8, 8, 8]);
/// ```
#[derive(Module, Debug)]
pub struct ResidualBlock<B: Burn = Backend> {
    /// Before the first activation.
    pub norm1: Option<InstanceNorm<B>>,
    /// Before the second activation.
    pub norm2: Option<InstanceNorm<B>>,
    /// 3x3, `in -> in`.
    pub conv1: Conv<B>,
    /// 3x3, `in -> out`.
    pub conv2: Conv<B>,
    /// 1x1, `in -> out` without bias; none where the two are equal.
    pub shortcut: Option<Conv<B>>,
    halves: bool,
}

impl ResidualBlock {
    /// A block of `channels = [in, out]` that keeps the sides of images, without normalisation.
    pub fn new(channels: [usize; 2], init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [inputs, outputs] = channels;
        let conv1 = Conv::new([inputs, inputs], 3, init, rng, device).padded(1);
        let conv2 = Conv::new(channels, 3, init, rng, device).padded(1);
        let shortcut = (inputs != outputs).then(|| Conv::new(channels, 1, init, rng, device).without_bias());
        Self { norm1: None, norm2: None, conv1, conv2, shortcut, halves: false }
    }

    /// The same with instance normalisation before both activations.
    pub fn normalised(mut self) -> Self {
        let weight = self.conv1.weight.val();
        let norm = || Some(InstanceNorm::new(weight.dims()[1], &weight.device()));
        (self.norm1, self.norm2) = (norm(), norm());
        self
    }

    /// The same for images of half the sides.
    pub fn halving(mut self) -> Self {
        self.halves = true;
        self
    }

    /// Whether images come out with half the sides.
    pub(super) fn halves(&self) -> bool {
        self.halves
    }

    /// `n x in x rows x columns` to `n x out x rows' x columns'`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let pool = |x: Tensor<4>| if self.halves { halved(x) } else { x };
        let normed = |norm: &Option<InstanceNorm>, x: Tensor<4>| match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        let small = pool(x.clone());
        let shortcut = match &self.shortcut {
            Some(conv) => conv.forward(small),
            None => small,
        };
        let x = pool(self.conv1.forward(leaky_relu(normed(&self.norm1, x))));
        let x = self.conv2.forward(leaky_relu(normed(&self.norm2, x)));
        (x + shortcut) / SQRT_2
    }

    /// The output and its change for a change of the input.
    pub fn tangent(&self, x: Dual) -> Dual {
        let pool = |x: Dual| if self.halves { x.halved() } else { x };
        let normed = |norm: &Option<InstanceNorm>, x: Dual| match norm {
            Some(norm) => x.instance_norm(norm),
            None => x,
        };
        let small = pool(x.clone());
        let shortcut = match &self.shortcut {
            Some(conv) => small.conv(conv),
            None => small,
        };
        let x = pool(normed(&self.norm1, x).leaky_relu().conv(&self.conv1));
        let x = normed(&self.norm2, x).leaky_relu().conv(&self.conv2);
        x.sum(shortcut, SQRT_2)
    }
}
