//! What discriminator and style encoder have in common: everything but the last layer.
//!
//! ```text
//! stem        conv3x3, channels -> base
//! down1..     residual blocks without norm, halving             96 -> 48 -> 24 -> 12 -> 6 -> 3
//! head_conv   LReLU, convolution without border (3 -> 1), LReLU
//!             mean over the positions that are left, if there are more than one
//! ```
//!
//! With 5 blocks 96 pixels become a single position. With the 3 blocks of the paper's text 12 x 12 are left before
//! `head_conv`, and a 3x3 kernel leaves 10 x 10, whose mean is taken.

use rand_chacha::ChaCha8Rng;

use super::{INIT, NetworkConfig};
use crate::Result;
use crate::nn::{Conv, Dual, ResidualBlock, leaky_relu};
use crate::tensor::{Device, Tensor};

/// Names of blocks, in the order in which they follow each other.
pub(super) const DOWN: [&str; 5] = ["down1", "down2", "down3", "down4", "down5"];

/// The layers, drawn.
pub(super) struct Layers {
    pub(super) stem: Conv,
    pub(super) downs: [Option<ResidualBlock>; 5],
    pub(super) head_conv: Conv,
    /// Channels after the last.
    pub(super) width: usize,
}

impl Layers {
    pub(super) fn draw(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        config.check_sizes()?;
        let widths = config.widths(config.blocks);
        let width = widths[config.blocks];
        let stem = Conv::new([config.channels, widths[0]], 3, INIT, rng, device).padded(1);
        let mut blocks =
            widths.windows(2).map(|pair| ResidualBlock::new([pair[0], pair[1]], INIT, rng, device).halving());
        let downs = std::array::from_fn(|_| blocks.next());
        let head_conv = Conv::new([width, width], config.head, INIT, rng, device);
        Ok(Self { stem, downs, head_conv, width })
    }
}

/// The layers where they lie in a network.
pub(super) struct Trunk<'a> {
    pub(super) stem: &'a Conv,
    pub(super) downs: [&'a Option<ResidualBlock>; 5],
    pub(super) head_conv: &'a Conv,
}

impl Trunk<'_> {
    /// `n x channels x side x side` to `n x width x 1 x 1`; every layer's output is shown to `watch`.
    pub(super) fn forward(&self, images: Tensor<4>, watch: &mut dyn FnMut(&'static str, &Tensor<4>)) -> Tensor<4> {
        let mut x = self.stem.forward(images);
        watch("stem", &x);
        for (name, block) in DOWN.into_iter().zip(self.downs) {
            if let Some(block) = block {
                x = block.forward(x);
                watch(name, &x);
            }
        }
        let x = leaky_relu(self.head_conv.forward(leaky_relu(x)));
        watch("head_conv", &x);
        pooled(x)
    }

    /// The same with the change for a change of the images.
    pub(super) fn tangent(&self, images: Dual) -> Dual {
        let mut x = images.conv(self.stem);
        for block in self.downs.into_iter().flatten() {
            x = block.tangent(x);
        }
        let x = x.leaky_relu().conv(self.head_conv).leaky_relu();
        Dual { value: pooled(x.value), change: pooled(x.change) }
    }
}

/// The mean over positions.
fn pooled(x: Tensor<4>) -> Tensor<4> {
    match x.dims() {
        [_, _, 1, 1] => x,
        _ => x.mean_dim(2).mean_dim(3),
    }
}
