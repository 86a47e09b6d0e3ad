//! The generator G: an image and a style to an image of that style.
//!
//! ```text
//! stem        conv3x3, channels -> base
//! down1..     residual blocks with instance norm, halving       96 -> 48 -> 24 -> 12, widths 64 128 256 512
//! mid1..2     residual blocks with instance norm
//! adamid1..2  AdaIN blocks
//! up1..       AdaIN blocks, doubling                            12 -> 24 -> 48 -> 96, widths 256 128 64
//! out         instance norm, LReLU, conv1x1 to the image; no tanh
//! ```

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{INIT, NetworkConfig};
use crate::Result;
use crate::nn::{AdaInBlock, Conv, InstanceNorm, ResidualBlock, leaky_relu};
use crate::tensor::{Backend, Device, Tensor};

/// Names of blocks, in the order in which they follow each other.
const DOWN: [&str; 3] = ["down1", "down2", "down3"];
const UP: [&str; 3] = ["up1", "up2", "up3"];

/// The generator.
#[derive(Module, Debug)]
pub struct Generator<B: Burn = Backend> {
    pub(super) stem: Conv<B>,
    down1: Option<ResidualBlock<B>>,
    down2: Option<ResidualBlock<B>>,
    down3: Option<ResidualBlock<B>>,
    mid1: ResidualBlock<B>,
    mid2: ResidualBlock<B>,
    adamid1: AdaInBlock<B>,
    adamid2: AdaInBlock<B>,
    up1: Option<AdaInBlock<B>>,
    up2: Option<AdaInBlock<B>>,
    up3: Option<AdaInBlock<B>>,
    pub(super) out_norm: InstanceNorm<B>,
    pub(super) out_conv: Conv<B>,
}

impl Generator {
    /// With first numbers drawn.
    ///
    /// ```
    /// use perturbook::methods::grape::{Generator, NetworkConfig};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let config = NetworkConfig { base: 4, widest: 32, style: 8, ..NetworkConfig::default() };
    /// let generator = Generator::new(&config, &mut rng, &cpu())?;
    /// let image = generator.forward(Tensor::ones([1, 4, 32, 32], &cpu()), Tensor::zeros([1, 8], &cpu()));
    /// assert_eq!(image.dims(), [1, 4, 32, 32]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`NetworkConfig::check_sizes`].
    pub fn new(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        config.check_sizes()?;
        let NetworkConfig { channels, style, levels, .. } = *config;
        let widths = config.widths(levels);
        let widest = widths[levels];
        let stem = Conv::new([channels, widths[0]], 3, INIT, rng, device).padded(1);
        let mut residual = |channels| ResidualBlock::new(channels, INIT, rng, device).normalised();
        let mut downs = widths.windows(2).map(|pair| residual([pair[0], pair[1]]).halving());
        let (down1, down2, down3) = (downs.next(), downs.next(), downs.next());
        let (mid1, mid2) = (residual([widest, widest]), residual([widest, widest]));
        let mut adaptive = |channels| AdaInBlock::new(channels, style, INIT, rng, device);
        let (adamid1, adamid2) = (adaptive([widest, widest]), adaptive([widest, widest]));
        let mut ups = widths.windows(2).rev().map(|pair| adaptive([pair[1], pair[0]]).doubling());
        let (up1, up2, up3) = (ups.next(), ups.next(), ups.next());
        let out_norm = InstanceNorm::new(widths[0], device);
        let out_conv = Conv::new([widths[0], channels], 1, INIT, rng, device);
        Ok(Self { stem, down1, down2, down3, mid1, mid2, adamid1, adamid2, up1, up2, up3, out_norm, out_conv })
    }

    /// Images `n x channels x side x side` with styles `n x style` to images of the same shape.
    pub fn forward(&self, images: Tensor<4>, style: Tensor<2>) -> Tensor<4> {
        self.watched(images, style, &mut |_, _| {})
    }

    /// The same, and every block's output is shown to `watch` with the block's name.
    pub fn watched(
        &self,
        images: Tensor<4>,
        style: Tensor<2>,
        watch: &mut dyn FnMut(&'static str, &Tensor<4>),
    ) -> Tensor<4> {
        let mut seen = |name, x: Tensor<4>| {
            watch(name, &x);
            x
        };
        let mut x = seen("stem", self.stem.forward(images));
        for (name, block) in self.residuals() {
            x = seen(name, block.forward(x));
        }
        for (name, block) in self.styled() {
            x = seen(name, block.forward(x, style.clone()));
        }
        self.out_conv.forward(leaky_relu(self.out_norm.forward(x)))
    }

    /// The blocks that see no style, in their order, by name.
    pub(super) fn residuals(&self) -> impl Iterator<Item = (&'static str, &ResidualBlock)> {
        let downs = DOWN.into_iter().zip([&self.down1, &self.down2, &self.down3]);
        let downs = downs.filter_map(|(name, block)| Some((name, block.as_ref()?)));
        downs.chain([("mid1", &self.mid1), ("mid2", &self.mid2)])
    }

    /// The blocks under a style that follow them.
    pub(super) fn styled(&self) -> impl Iterator<Item = (&'static str, &AdaInBlock)> {
        let ups = UP.into_iter().zip([&self.up1, &self.up2, &self.up3]);
        let ups = ups.filter_map(|(name, block)| Some((name, block.as_ref()?)));
        [("adamid1", &self.adamid1), ("adamid2", &self.adamid2)].into_iter().chain(ups)
    }
}
