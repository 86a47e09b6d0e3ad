//! The sizes of GRAPE's networks.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The sizes of GRAPE's networks; the default is the paper's, for images of 96 pixels a side.
///
/// | image side | `levels` | `blocks` | `head` |
/// |---|---|---|---|
/// | 96 | 3 | 5, or 3 with a mean over the rest | 3 |
/// | 32 | 2 or 3 | 3 | 3 |
/// | 16 | 2 | 2 | 3 |
///
/// ```
/// use perturbook::methods::grape::NetworkConfig;
///
/// let config = NetworkConfig::default();
/// assert_eq!(config.widths(5), [64, 128, 256, 512, 512, 512]);
/// assert!(config.check(96).is_ok() && config.check(16).is_err()); // 16 pixels, halved five times, are none
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Channels of an image.
    pub channels: usize,
    /// Classes: genes and the non-targeting controls.
    pub classes: usize,
    /// Numbers of a gene in the table.
    pub code: usize,
    /// Width of the mapping network.
    pub hidden: usize,
    /// Numbers of a style.
    pub style: usize,
    /// Channels at the full size of images; each halving doubles them.
    pub base: usize,
    /// The most channels.
    pub widest: usize,
    /// How often the generator halves and then doubles images, 1 to 3.
    pub levels: usize,
    /// How often discriminator and style encoder halve images, 1 to 5.
    pub blocks: usize,
    /// Side of the last kernel of discriminator and style encoder. A mean is taken over positions that are left after it;
    /// as large as the halved image (12 for 96 pixels and 3 blocks) it leaves one.
    pub head: usize,
    /// Whether genes see each other through self-attention before the mapping network.
    pub attention: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            channels: 4,
            classes: 107,
            code: 500,
            hidden: 512,
            style: 64,
            base: 64,
            widest: 512,
            levels: 3,
            blocks: 5,
            head: 3,
            attention: false,
        }
    }
}

impl NetworkConfig {
    /// Channels before the first of `blocks` halvings and after each.
    pub fn widths(&self, blocks: usize) -> Vec<usize> {
        (0..=blocks).map(|i| self.base.saturating_mul(1 << i).min(self.widest)).collect()
    }

    /// Whether networks of these sizes exist.
    ///
    /// # Errors
    /// When a size is 0, or there are more levels or blocks than 3 and 5.
    pub fn check_sizes(&self) -> Result<()> {
        let Self { channels, classes, code, hidden, style, base, widest, levels, blocks, head, .. } = *self;
        let sizes = [
            ("channels", channels, usize::MAX),
            ("classes", classes, usize::MAX),
            ("code", code, usize::MAX),
            ("hidden", hidden, usize::MAX),
            ("style", style, usize::MAX),
            ("base", base, usize::MAX),
            ("widest", widest, usize::MAX),
            ("levels", levels, 3),
            ("blocks", blocks, 5),
            ("head", head, usize::MAX),
        ];
        match sizes.into_iter().find(|&(_, size, most)| size == 0 || size > most) {
            None => Ok(()),
            Some((name, size, usize::MAX)) => {
                Err(Error::new(format!("GRAPE's networks cannot have {name} = {size}")).fix("take at least 1"))
            }
            Some((name, size, most)) => {
                Err(Error::new(format!("GRAPE's networks cannot have {name} = {size}"))
                    .fix(format!("take 1 to {most}")))
            }
        }
    }

    /// Whether they also fit images of `side` pixels a side.
    ///
    /// # Errors
    /// When they do not: the generator has to halve the image without a rest, and the last kernel of discriminator and
    /// style encoder has to fit in what is left.
    pub fn check(&self, side: usize) -> Result<()> {
        self.check_sizes()?;
        let misfit = |what: String, fix: &str| {
            Err(Error::new(what).at(format!("images of {side} pixels a side")).fix(fix.to_owned()))
        };
        let step = 1 << self.levels;
        if side == 0 || !side.is_multiple_of(step) {
            let what =
                format!("the generator halves images {} times, and {step} does not divide the side", self.levels);
            return misfit(what, "resize the images, or take fewer `levels`");
        }
        let left = side >> self.blocks;
        if left < self.head {
            let what =
                format!("{left} pixels are left after {} halvings, fewer than `head` = {}", self.blocks, self.head);
            return misfit(what, "take fewer `blocks` or a smaller `head`");
        }
        Ok(())
    }
}
