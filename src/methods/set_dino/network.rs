//! Set-DINO's network: a vision transformer for cells and a projection head for sets of them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::{Aggregation, FEATURE_BLOCKS, SetPool};
use crate::Result;
use crate::nn::dino_head::{DinoHead, DinoHeadConfig, set_mean};
use crate::nn::vit::{Vit, VitConfig};
use crate::nn::{STARTING_STD, replaced};
use crate::tensor::{Backend, Device, Tensor, cat};

/// Backbone and head, of the student or of the teacher.
///
/// Images are `n x channels x height x width`. Those of a view are the cells of unit 0, then those of unit 1, and so on;
/// views follow one another.
#[derive(Module, Debug)]
pub struct SetDino<B: Burn = Backend> {
    /// Cells to class tokens.
    pub backbone: Vit<B>,
    /// Sets to logits.
    pub head: DinoHead<B>,
    /// Cells to sets; none: by their mean.
    pub pool: Option<SetPool<B>>,
}

impl SetDino {
    /// A network with first numbers drawn from `rng`.
    ///
    /// ```
    /// use perturbook::methods::set_dino::SetDino;
    /// use perturbook::nn::dino_head::DinoHeadConfig;
    /// use perturbook::nn::vit::VitConfig;
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let vit = VitConfig { width: 24, blocks: 4, heads: 2, ..VitConfig::default() };
    /// let head = DinoHeadConfig { hidden: 16, bottleneck: 8, outputs: 20 };
    /// let network = SetDino::new(&vit, &head, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &cpu())?;
    /// // Two global and two local views of three units with two cells each.
    /// let views = [Tensor::zeros([12, 4, 96, 96], &cpu()), Tensor::zeros([12, 4, 48, 48], &cpu())];
    /// assert_eq!(network.forward_views(views, 2)?.dims(), [4 * 3, 20]);
    /// assert_eq!(network.features(Tensor::zeros([5, 4, 96, 96], &cpu()))?.dims(), [5, 4 * 24]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`VitConfig::check`].
    pub fn new(vit: &VitConfig, head: &DinoHeadConfig, rng: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let backbone = Vit::new(vit, rng, device)?;
        Ok(Self { backbone, head: DinoHead::new(vit.width, head, rng, device), pool: None })
    }

    /// The same with another aggregation of the cells of a set, drawn after the rest.
    #[must_use]
    pub fn aggregated(mut self, aggregation: Aggregation, rng: &mut ChaCha8Rng) -> Self {
        let device = self.backbone.cls_token.val().device();
        self.pool = SetPool::new(aggregation, self.backbone.config().width, rng, &device);
        self
    }

    /// The same with weights of linear layers drawn wider: their standard deviation is `1 / sqrt(inputs)` instead of 0.02.
    ///
    /// Of the head's last layer only directions count, which stay.
    ///
    /// ```
    /// use perturbook::methods::set_dino::SetDino;
    /// use perturbook::nn::dino_head::DinoHeadConfig;
    /// use perturbook::nn::vit::VitConfig;
    /// use perturbook::tensor::cpu;
    /// use rand::SeedableRng;
    ///
    /// let vit = VitConfig { width: 100, blocks: 1, heads: 2, ..VitConfig::default() };
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let network = SetDino::new(&vit, &DinoHeadConfig::default(), &mut rng, &cpu())?;
    /// let std = |of: &SetDino| of.backbone.blocks[0].fc1.weight.val().powf_scalar(2.0).mean().sqrt().into_scalar();
    /// assert!((std(&network) - 0.02).abs() < 1e-3);
    /// assert!((std(&network.started_by_inputs()) - 0.1).abs() < 5e-3); // 1 / sqrt(100)
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    #[must_use]
    pub fn started_by_inputs(self) -> Self {
        self.map(&mut ByInputs)
    }

    /// Images of one size to logits of their sets of `cells` images, `sets x outputs`: what the teacher does with global
    /// views.
    ///
    /// # Errors
    /// When images do not fit the backbone, or are no whole number of sets.
    pub fn forward(&self, images: Tensor<4>, cells: usize) -> Result<Tensor<2>> {
        self.of_sets(self.backbone.forward(images)?, cells)
    }

    /// The same, and the transformer's part of it not recorded.
    pub(super) fn forward_unrecorded(&self, images: Tensor<4>, cells: usize) -> Result<Tensor<2>> {
        self.of_sets(self.backbone.forward_unrecorded(images)?, cells)
    }

    /// Global and local images to logits of their sets, those of the global views first.
    ///
    /// # Errors
    /// As [`SetDino::forward`].
    pub fn forward_views(&self, [globals, locals]: [Tensor<4>; 2], cells: usize) -> Result<Tensor<2>> {
        let class = vec![self.backbone.forward(globals)?, self.backbone.forward(locals)?];
        self.of_sets(cat(class, 0), cells)
    }

    /// What stochastic depth needs for so many global and local images.
    pub fn draws(&self, images: [usize; 2], rng: &mut ChaCha8Rng) -> [Tensor<3>; 2] {
        images.map(|n| self.backbone.draws(n, rng))
    }

    /// The features of single cells: the class tokens of the last four blocks (of all, where there are fewer) side by
    /// side, `n x 1,536` for ViT-S.
    ///
    /// # Errors
    /// When images do not fit the backbone.
    pub fn features(&self, images: Tensor<4>) -> Result<Tensor<2>> {
        self.backbone.features(images, FEATURE_BLOCKS.min(self.backbone.blocks.len()))
    }

    /// Class tokens of cells to one vector for each set, `sets x width`.
    ///
    /// # Errors
    /// When they are no whole number of sets.
    pub fn sets(&self, class: Tensor<2>, cells: usize) -> Result<Tensor<2>> {
        match &self.pool {
            Some(pool) => pool.forward(class, cells),
            None => set_mean(class, cells),
        }
    }

    /// Class tokens of cells to logits of their sets.
    pub(super) fn of_sets(&self, class: Tensor<2>, cells: usize) -> Result<Tensor<2>> {
        Ok(self.head.forward(self.sets(class, cells)?))
    }
}

/// Widens what was drawn with the published standard deviation: all that has two dimensions.
struct ByInputs;

impl ModuleMapper<Backend> for ByInputs {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match param.dims()[..] {
            [_, inputs] => {
                let (id, drawn, mapper) = param.consume();
                let widened = drawn.clone().detach() / (STARTING_STD * (inputs as f64).sqrt());
                Param::from_mapped_value(id, replaced(&drawn, widened), mapper)
            }
            _ => param,
        }
    }
}
