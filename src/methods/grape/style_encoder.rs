//! The style encoder E: an image to its style.
//!
//! ```text
//! trunk, linear width -> style        n x channels x side x side to n x style, one head for all genes
//! ```

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::trunk::{Layers, Trunk};
use super::{INIT, NetworkConfig};
use crate::Result;
use crate::nn::{Conv, Linear, ResidualBlock};
use crate::tensor::{Backend, Device, Tensor};

/// The style encoder.
#[derive(Module, Debug)]
pub struct StyleEncoder<B: Burn = Backend> {
    stem: Conv<B>,
    down1: Option<ResidualBlock<B>>,
    down2: Option<ResidualBlock<B>>,
    down3: Option<ResidualBlock<B>>,
    down4: Option<ResidualBlock<B>>,
    down5: Option<ResidualBlock<B>>,
    head_conv: Conv<B>,
    pub(super) head_fc: Linear<B>,
}

impl StyleEncoder {
    /// With first numbers drawn.
    ///
    /// ```
    /// use perturbook::methods::grape::{NetworkConfig, StyleEncoder};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let config = NetworkConfig { base: 4, widest: 8, style: 6, blocks: 3, ..NetworkConfig::default() };
    /// let encoder = StyleEncoder::new(&config, &mut rng, &cpu())?;
    /// assert_eq!(encoder.forward(Tensor::ones([2, 4, 32, 32], &cpu())).dims(), [2, 6]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`NetworkConfig::check_sizes`].
    pub fn new(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let Layers { stem, downs: [down1, down2, down3, down4, down5], head_conv, width } =
            Layers::draw(config, rng, device)?;
        let head_fc = Linear::new(width, config.style, INIT, rng, device);
        Ok(Self { stem, down1, down2, down3, down4, down5, head_conv, head_fc })
    }

    /// `n x channels x side x side` to `n x style`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.watched(images, &mut |_, _| {})
    }

    /// The same, and every layer's output is shown to `watch` with the layer's name.
    pub fn watched(&self, images: Tensor<4>, watch: &mut dyn FnMut(&'static str, &Tensor<4>)) -> Tensor<2> {
        self.head_fc.forward(self.trunk().forward(images, watch).flatten::<2>(1, 3))
    }

    pub(super) fn trunk(&self) -> Trunk<'_> {
        let downs = [&self.down1, &self.down2, &self.down3, &self.down4, &self.down5];
        Trunk { stem: &self.stem, downs, head_conv: &self.head_conv }
    }
}
