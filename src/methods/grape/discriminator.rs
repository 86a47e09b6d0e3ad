//! The discriminator D: for each class, whether an image is a real one of it.
//!
//! ```text
//! trunk, conv1x1 width -> classes        n x channels x side x side to logits, n x classes
//! ```

use burn::module::Module;
use burn::tensor::Int;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::trunk::{Layers, Trunk};
use super::{INIT, NetworkConfig};
use crate::Result;
use crate::nn::{Conv, Dual, ResidualBlock};
use crate::tensor::{Backend, Device, Tensor};

/// The discriminator.
#[derive(Module, Debug)]
pub struct Discriminator<B: Burn = Backend> {
    stem: Conv<B>,
    down1: Option<ResidualBlock<B>>,
    down2: Option<ResidualBlock<B>>,
    down3: Option<ResidualBlock<B>>,
    down4: Option<ResidualBlock<B>>,
    down5: Option<ResidualBlock<B>>,
    head_conv: Conv<B>,
    pub(super) head_out: Conv<B>,
}

impl Discriminator {
    /// With first numbers drawn.
    ///
    /// ```
    /// use perturbook::methods::grape::{Discriminator, NetworkConfig};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let config = NetworkConfig { base: 4, widest: 8, classes: 9, blocks: 3, ..NetworkConfig::default() };
    /// let discriminator = Discriminator::new(&config, &mut rng, &cpu())?;
    /// assert_eq!(discriminator.forward(Tensor::ones([2, 4, 32, 32], &cpu())).dims(), [2, 9]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`NetworkConfig::check_sizes`].
    pub fn new(config: &NetworkConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let Layers { stem, downs: [down1, down2, down3, down4, down5], head_conv, width } =
            Layers::draw(config, rng, device)?;
        let head_out = Conv::new([width, config.classes], 1, INIT, rng, device);
        Ok(Self { stem, down1, down2, down3, down4, down5, head_conv, head_out })
    }

    /// `n x channels x side x side` to logits, `n x classes`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.watched(images, &mut |_, _| {})
    }

    /// The same, and every layer's output is shown to `watch` with the layer's name.
    pub fn watched(&self, images: Tensor<4>, watch: &mut dyn FnMut(&'static str, &Tensor<4>)) -> Tensor<2> {
        self.head_out.forward(self.trunk().forward(images, watch)).flatten(1, 3)
    }

    /// The logits, and their change for a change of the images: forward-mode differentiation.
    pub fn tangent(&self, images: Tensor<4>, change: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        let out = self.trunk().tangent(Dual { value: images, change }).conv(&self.head_out);
        (out.value.flatten(1, 3), out.change.flatten(1, 3))
    }

    pub(super) fn trunk(&self) -> Trunk<'_> {
        let downs = [&self.down1, &self.down2, &self.down3, &self.down4, &self.down5];
        Trunk { stem: &self.stem, downs, head_conv: &self.head_conv }
    }
}

/// Of each row the number of its class, `n x classes` to `n`.
///
/// ```
/// use perturbook::methods::grape::of_class;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let logits = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &cpu());
/// let picked = of_class(logits, burn::Tensor::from_ints([1, 0], &cpu()));
/// assert_eq!(picked.into_data().to_vec::<f32>().unwrap(), [2.0, 3.0]);
/// ```
pub fn of_class(logits: Tensor<2>, classes: burn::Tensor<Backend, 1, Int>) -> Tensor<1> {
    let n = logits.dims()[0];
    logits.gather(1, classes.reshape([n, 1])).reshape([n])
}
