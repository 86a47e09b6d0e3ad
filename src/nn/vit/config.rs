//! The sizes of a vision transformer.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Settings of a [`Vit`](super::Vit).
///
/// ```
/// use perturbook::nn::vit::VitConfig;
///
/// let tiny = VitConfig { width: 192, blocks: 4, heads: 3, patch: 8, ..VitConfig::default() };
/// assert!(tiny.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VitConfig {
    /// Channels of the images.
    pub channels: usize,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Numbers in a token.
    pub width: usize,
    /// How many blocks there are.
    pub blocks: usize,
    /// Heads of attention; they share the width.
    pub heads: usize,
    /// How much wider the hidden layer of each token's network is.
    pub mlp_ratio: usize,
    /// Patches along a side of the images that the positional table is made for.
    pub grid: usize,
    /// How often the last block leaves out each of its two additions while the network learns; from 0 in the first block
    /// it grows in equal steps.
    pub drop_path: f64,
    /// What layer normalisation adds to variances.
    pub epsilon: f64,
}

impl Default for VitConfig {
    /// ViT-S/16 for four channels, as Set-DINO uses it (methods 4.5): width 384, 12 blocks, 6 heads, a table of 14 x 14
    /// patches, stochastic depth up to 0.1.
    fn default() -> Self {
        Self {
            channels: 4,
            patch: 16,
            width: 384,
            blocks: 12,
            heads: 6,
            mlp_ratio: 4,
            grid: 14,
            drop_path: 0.1,
            epsilon: 1e-6,
        }
    }
}

impl VitConfig {
    /// Whether a network of these sizes exists.
    ///
    /// # Errors
    /// When a size is 0, heads do not share the width, or the rate of stochastic depth is none.
    pub fn check(&self) -> Result<()> {
        let sizes = [self.channels, self.patch, self.width, self.blocks, self.heads, self.mlp_ratio, self.grid];
        if sizes.contains(&0) {
            return Err(Error::new("a vision transformer needs sizes above 0").at(format!("{self:?}")).fix("set them"));
        }
        if !self.width.is_multiple_of(self.heads) {
            return Err(Error::new(format!("{} heads cannot share a width of {}", self.heads, self.width))
                .fix("take a width that is a multiple of the heads"));
        }
        if !(0.0..1.0).contains(&self.drop_path) {
            return Err(Error::new(format!("a rate of stochastic depth of {}", self.drop_path))
                .fix("take one from 0 (none) to below 1"));
        }
        Ok(())
    }

    /// How often block `index` leaves out an addition.
    pub(super) fn drop_rate(&self, index: usize) -> f64 {
        match self.blocks {
            0 | 1 => 0.0,
            blocks => self.drop_path * index as f64 / (blocks - 1) as f64,
        }
    }
}
