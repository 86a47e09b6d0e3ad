//! Images cut into square patches, and every patch turned into a vector.
//!
//! ```text
//! token of a patch = W (pixels of the patch, all channels) + b
//! ```
//!
//! This is a convolution whose stride is its kernel's side, and its weight is kept as that of one. Patches do not
//! overlap: one matrix product does it, which is several times as fast as a convolution on a CPU.

use burn::module::Param;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use crate::nn::Init;
use crate::tensor::{Backend, Device, Tensor, product};
use crate::{Error, Result};

/// A linear map of patches.
#[derive(burn::module::Module, Debug)]
pub struct PatchEmbed<B: Burn = Backend> {
    /// `width x channels x side x side`.
    pub weight: Param<burn::Tensor<B, 4>>,
    /// One number per output.
    pub bias: Param<burn::Tensor<B, 1>>,
}

impl PatchEmbed {
    /// Patches of `side x side` pixels in `channels` channels to vectors of `width` numbers.
    pub fn new(channels: usize, width: usize, side: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let fan_in = channels * side * side;
        let weight = Init::Uniform.weight([width, channels, side, side], fan_in, width * side * side, rng, device);
        let bias = Init::Uniform.bias(width, fan_in, rng, device);
        Self { weight: Param::from_tensor(weight), bias: Param::from_tensor(bias) }
    }

    /// `n x channels x height x width` to `n x patches x width`, patches row by row, and the grid of patches, `[rows,
    /// columns]`.
    ///
    /// ```
    /// use perturbook::nn::vit::PatchEmbed;
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let embed = PatchEmbed::new(4, 32, 16, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &cpu());
    /// let (tokens, grid) = embed.forward(Tensor::zeros([2, 4, 96, 48], &cpu()))?;
    /// assert_eq!((tokens.dims(), grid), ([2, 18, 32], [6, 3]));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the images have other channels, or sides that patches do not fill.
    pub fn forward(&self, images: Tensor<4>) -> Result<(Tensor<3>, [usize; 2])> {
        let grid @ [rows, columns] = self.grid(&images)?;
        let (n, weight) = (images.dims()[0], self.weight.val());
        let [outputs, channels, side, _] = weight.dims();
        let pixels = channels * side * side;
        let patches = images.reshape([n, channels, rows, side, columns, side]).permute([0, 2, 4, 1, 3, 5]);
        let tokens =
            product(patches.reshape([n * rows * columns, pixels]), weight.reshape([outputs, pixels]).transpose());
        let tokens = tokens + self.bias.val().unsqueeze();
        Ok((tokens.reshape([n, rows * columns, outputs]), grid))
    }

    /// The grid of patches of images, `[rows, columns]`.
    pub(super) fn grid(&self, images: &Tensor<4>) -> Result<[usize; 2]> {
        let [_, found, height, width] = images.dims();
        let [_, channels, side, _] = self.weight.dims();
        if found != channels {
            return Err(Error::new(format!("the images have {found} channels and the network takes {channels}"))
                .fix(format!("pass images of {channels} channels, or build the network for {found}")));
        }
        if height % side != 0 || width % side != 0 || height == 0 || width == 0 {
            return Err(Error::new(format!("images of {height} x {width} pixels do not consist of patches of {side}"))
                .fix(format!("crop or resize them to sides that are multiples of {side}")));
        }
        Ok([height / side, width / side])
    }
}
