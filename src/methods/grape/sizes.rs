//! The sizes of GRAPE's networks as they are chosen, without what the screen decides.

use serde::{Deserialize, Serialize};

use super::NetworkConfig;

/// The sizes of the networks: those of [`NetworkConfig`] but for the classes, which are the screen's perturbations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sizes {
    /// Channels of an image.
    pub channels: usize,
    /// Numbers of a perturbation in the table; vectors from a file bring their own number.
    pub code: usize,
    /// Width of the mapping network.
    pub hidden: usize,
    /// Numbers of a style.
    pub style: usize,
    /// Channels at the full size of images.
    pub base: usize,
    /// The most channels.
    pub widest: usize,
    /// How often the generator halves and then doubles images, 1 to 3.
    pub levels: usize,
    /// How often discriminator and style encoder halve images, 1 to 5; the paper's text says 3 and the code it starts from
    /// has 5.
    pub blocks: usize,
    /// Side of their last kernel.
    pub head: usize,
    /// Whether perturbations see each other through self-attention before the mapping network, the paper's variant.
    pub attention: bool,
}

impl Default for Sizes {
    fn default() -> Self {
        let NetworkConfig { channels, code, hidden, style, base, widest, levels, blocks, head, attention, .. } =
            NetworkConfig::default();
        Self { channels, code, hidden, style, base, widest, levels, blocks, head, attention }
    }
}

impl Sizes {
    /// The networks for so many classes.
    pub fn of_classes(self, classes: usize) -> NetworkConfig {
        let Self { channels, code, hidden, style, base, widest, levels, blocks, head, attention } = self;
        NetworkConfig { channels, classes, code, hidden, style, base, widest, levels, blocks, head, attention }
    }
}
