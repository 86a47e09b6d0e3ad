//! The vision transformer with a class token (ViT), for images of any size that patches fill.
//!
//! ```text
//! images   n x channels x height x width
//! tokens   [class token, patches row by row] + positional table          n x (1 + patches) x width
//! blocks   attention and a network of each token, see Block              the same shape
//! output   the class token of the last block, through the final norm     n x width
//! ```
//!
//! Features for other tasks are the class tokens of the last k blocks side by side, each through the same final norm.
//! The positional table belongs to one grid of patches and is resized for others, see [`bicubic_weights`].

mod block;
mod by_hand;
mod config;
mod passes;
mod patch_embed;
mod positions;

pub use block::Block;
use by_hand::{ByHand, Grid, Scales};
pub use config::VitConfig;
pub use passes::Passes;
pub use patch_embed::PatchEmbed;
pub use positions::{GRID_OFFSET, bicubic_weights};

use burn::module::Param;
use burn::tensor::TensorData;
use burn::tensor::backend::Backend as Burn;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Init, LayerNorm, STARTING_STD, numbers};
use crate::tensor::{Backend, Device, Tensor, can_go_by_hand, cat, unrecorded_on_cpu};
use crate::{Error, Result};

/// A vision transformer.
#[derive(burn::module::Module, Debug)]
pub struct Vit<B: Burn = Backend> {
    /// `1 x 1 x width`.
    pub cls_token: Param<burn::Tensor<B, 3>>,
    /// The positional table, `1 x (1 + grid^2) x width`.
    pub pos_embed: Param<burn::Tensor<B, 3>>,
    /// Patches to tokens.
    pub patch_embed: PatchEmbed<B>,
    /// In the order in which tokens pass them.
    pub blocks: Vec<Block<B>>,
    /// The final norm.
    pub norm: LayerNorm<B>,
    #[module(skip)]
    config: VitConfig,
}

impl Vit {
    /// A network with first numbers drawn from `rng`.
    ///
    /// ```
    /// use burn::module::Module;
    /// use perturbook::nn::vit::{Vit, VitConfig};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let config = VitConfig { width: 48, blocks: 2, heads: 3, ..VitConfig::default() };
    /// let vit = Vit::new(&config, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &cpu())?;
    /// assert_eq!(vit.num_params(), 115_344);
    /// assert_eq!(vit.forward(Tensor::zeros([2, 4, 48, 48], &cpu()))?.dims(), [2, 48]);
    /// assert_eq!(vit.features(Tensor::zeros([2, 4, 96, 96], &cpu()), 2)?.dims(), [2, 96]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`VitConfig::check`].
    pub fn new(config: &VitConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        config.check()?;
        let width = config.width;
        let init = Init::TruncatedNormal(STARTING_STD);
        let mut drawn = |tokens: usize| Param::from_tensor(init.weight([1, tokens, width], width, width, rng, device));
        let (cls_token, pos_embed) = (drawn(1), drawn(1 + config.grid * config.grid));
        Ok(Self {
            cls_token,
            pos_embed,
            patch_embed: PatchEmbed::new(config.channels, width, config.patch, rng, device),
            blocks: (0..config.blocks).map(|_| Block::new(config, rng, device)).collect(),
            norm: LayerNorm::new(width, config.epsilon, device),
            config: *config,
        })
    }

    /// The settings it was built with.
    pub fn config(&self) -> &VitConfig {
        &self.config
    }

    /// The class token of every image, `n x width`.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`].
    pub fn forward(&self, images: Tensor<4>) -> Result<Tensor<2>> {
        if unrecorded_on_cpu(&images) {
            return self.by_hand(images, 1);
        }
        let tokens = self.blocks.iter().fold(self.tokens(images)?, |x, block| block.forward(x));
        Ok(self.class_token(tokens))
    }

    /// The same while the network learns: with stochastic depth by numbers that [`Vit::draws`] draws, uniform in `[0, 1)`,
    /// `blocks x 2 x n`. An addition of a block with rate `r` is left out where its number is below `r`, and multiplied by
    /// `1 / (1 - r)` elsewhere.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`], and when there are not two draws for each block and image.
    pub fn forward_training(&self, images: Tensor<4>, draws: Tensor<3>) -> Result<Tensor<2>> {
        let n = images.dims()[0];
        self.check_draws(n, &draws)?;
        let mut x = self.tokens(images)?;
        for (i, block) in self.blocks.iter().enumerate() {
            let rate = self.config.drop_rate(i);
            let scales = (rate > 0.0).then(|| {
                let kept = (draws.clone().narrow(0, i, 1) + (1.0 - rate)).floor() / (1.0 - rate);
                [0, 1].map(|part| kept.clone().narrow(1, part, 1).reshape([n, 1, 1]))
            });
            x = block.forward_training(x, scales);
        }
        Ok(self.class_token(x))
    }

    fn check_draws(&self, n: usize, draws: &Tensor<3>) -> Result<()> {
        if draws.dims() == [self.blocks.len(), 2, n] {
            return Ok(());
        }
        Err(Error::new(format!(
            "the draws of stochastic depth are {:?} and not {:?}",
            draws.dims(),
            [self.blocks.len(), 2, n]
        ))
        .fix("take them from Vit::draws for the same number of images"))
    }

    /// What the additions of each block are multiplied by: the numbers of [`Vit::forward_training`].
    fn scales(&self, n: usize, draws: Tensor<3>) -> Result<Scales> {
        self.check_draws(n, &draws)?;
        let draws = numbers(draws);
        let of_block = |(i, draws): (usize, &[f32])| {
            let rate = self.config.drop_rate(i);
            let keep = (1.0 - rate) as f32;
            let kept = |draws: &[f32]| draws.iter().map(|draw| (draw + keep).floor() / keep).collect();
            (rate > 0.0).then(|| [kept(&draws[..n]), kept(&draws[n..])])
        };
        Ok(draws.chunks_exact(2 * n).enumerate().map(of_block).collect())
    }

    /// What [`Vit::forward`] gives, and nothing of it recorded: as a teacher needs it.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`].
    pub fn forward_unrecorded(&self, images: Tensor<4>) -> Result<Tensor<2>> {
        if can_go_by_hand(&images) {
            return self.by_hand(images, 1);
        }
        Ok(self.forward(images)?.detach())
    }

    /// The class tokens of the last blocks by hand.
    fn by_hand(&self, images: Tensor<4>, last: usize) -> Result<Tensor<2>> {
        let (n, device) = (images.dims()[0], images.device());
        let grid = Grid::of(self, self.patch_embed.grid(&images)?);
        let class = ByHand::of(self).class_tokens(&numbers(images), &grid, last);
        Ok(Tensor::from_data(TensorData::new(class, [n, last * self.config.width]), &device))
    }

    /// What stochastic depth needs for `n` images: `blocks x 2 x n` numbers uniform in `[0, 1)`.
    pub fn draws(&self, n: usize, rng: &mut ChaCha8Rng) -> Tensor<3> {
        let shape = [self.blocks.len(), 2, n];
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random::<f32>()).collect();
        Tensor::from_data(TensorData::new(values, shape), &self.cls_token.val().device())
    }

    /// The class tokens of the last `last` blocks, each through the final norm, the earliest first: `n x (last width)`.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`], and when there are not as many blocks.
    pub fn features(&self, images: Tensor<4>, last: usize) -> Result<Tensor<2>> {
        let Some(skip) = self.blocks.len().checked_sub(last).filter(|_| last > 0) else {
            return Err(Error::new(format!("features of the last {last} of {} blocks", self.blocks.len()))
                .fix("take 1 or more, at most all of them"));
        };
        if unrecorded_on_cpu(&images) {
            return self.by_hand(images, last);
        }
        let outputs = self.outputs(images)?;
        Ok(cat(outputs.into_iter().skip(skip).map(|x| self.class_token(x)).collect(), 1))
    }

    /// How much each token attends to each in the last block: `n x heads x tokens x tokens`. Row 0 is the class token's,
    /// and its columns from 1 on are the patches row by row.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`].
    pub fn attention(&self, images: Tensor<4>) -> Result<Tensor<4>> {
        let mut x = self.tokens(images)?;
        let Some((last, before)) = self.blocks.split_last() else {
            return Err(Error::new("a network without blocks has no attention").fix("build it with VitConfig"));
        };
        for block in before {
            x = block.forward(x);
        }
        Ok(last.attention(x))
    }

    /// The tokens after each block, `n x tokens x width` each.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`].
    pub fn outputs(&self, images: Tensor<4>) -> Result<Vec<Tensor<3>>> {
        let mut x = self.tokens(images)?;
        let step = |block: &Block| {
            x = block.forward(x.clone());
            x.clone()
        };
        Ok(self.blocks.iter().map(step).collect())
    }

    /// What the first block gets: the class token and the patches, with their positions, `n x tokens x width`.
    ///
    /// # Errors
    /// As [`PatchEmbed::forward`].
    pub fn tokens(&self, images: Tensor<4>) -> Result<Tensor<3>> {
        let (patches, grid) = self.patch_embed.forward(images)?;
        let [n, _, width] = patches.dims();
        let class = self.cls_token.val().expand([n, 1, width]);
        Ok(cat(vec![class, patches], 1) + self.positions(grid))
    }

    /// The positional table of a grid of patches, `[rows, columns]`: `1 x (1 + rows columns) x width`.
    pub fn positions(&self, grid: [usize; 2]) -> Tensor<3> {
        positions::resized(self.pos_embed.val(), self.config.grid, grid)
    }

    /// The class token of a block's output, through the final norm.
    fn class_token(&self, tokens: Tensor<3>) -> Tensor<2> {
        self.norm.forward(tokens.narrow(1, 0, 1).squeeze_dim::<2>(1))
    }
}
