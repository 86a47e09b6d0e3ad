//! The weights of GRAPE's losses.

use serde::{Deserialize, Serialize};

/// The weights of the losses and where their gradients go; the default is the paper's.
///
/// ```
/// use perturbook::methods::grape::LossConfig;
///
/// let config = LossConfig::default();
/// assert_eq!((config.r1, config.cycle, config.style, config.detach), (1.0, 1.0, 1.0, true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// Of the R1 penalty of the discriminator.
    pub r1: f64,
    /// Of the cycle term.
    pub cycle: f64,
    /// Of the style term.
    pub style: f64,
    /// Whether the style term teaches the style encoder alone.
    pub detach: bool,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self { r1: 1.0, cycle: 1.0, style: 1.0, detach: true }
    }
}

impl LossConfig {
    /// The paper's ablation in which the style term teaches all networks.
    pub fn without_detach() -> Self {
        Self { detach: false, ..Self::default() }
    }

    /// The ablation without the cycle term, whose passes are then left out.
    pub fn without_cycle() -> Self {
        Self { cycle: 0.0, ..Self::default() }
    }
}
