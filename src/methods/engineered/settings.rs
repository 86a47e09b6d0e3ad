//! Settings of the engineered features.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How many principal components the embedding has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The fewest that explain more than this fraction of the variance.
    Variance(f64),
    /// This many, or all where there are fewer.
    Count(usize),
}

/// What is measured, and how it becomes an embedding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineeredSettings {
    /// The channel in which nuclei are found.
    pub nucleus: String,
    /// A cell is all within so many pixels of its nucleus.
    pub expand: f64,
    /// Pixels between the two of a pair, of textures.
    pub scale: usize,
    /// Grey levels of textures.
    pub levels: usize,
    /// Rings of radial distributions.
    pub rings: usize,
    /// Whether features are standardised on the controls of each batch, or on all controls.
    pub by_batch: bool,
    /// How many principal components are kept.
    pub cut: Cut,
}

impl Default for EngineeredSettings {
    /// Nuclei in the channel `DNA`, cells 10 pixels around them, textures at 3 pixels in 32 levels, four rings, controls of
    /// each batch, 64 components as in the paper of Multi-ContrastiveVAE.
    fn default() -> Self {
        Self {
            nucleus: "DNA".to_owned(),
            expand: 10.0,
            scale: 3,
            levels: 32,
            rings: 4,
            by_batch: true,
            cut: Cut::Count(64),
        }
    }
}

impl EngineeredSettings {
    /// Checks everything that does not depend on the screen.
    ///
    /// # Errors
    /// When a setting cannot be; the message names it.
    pub fn check(&self) -> Result<()> {
        let refuse =
            |key: &str, fix: &str| Err(Error::new("this setting cannot be").at(format!("setting {key}")).fix(fix));
        if !(self.expand.is_finite() && self.expand >= 0.0) {
            return refuse("expand", "give 0 pixels or more");
        }
        if self.scale == 0 || !(2..=256).contains(&self.levels) {
            return refuse("scale, levels", "give a distance of at least 1 pixel, and 2 to 256 grey levels");
        }
        if self.rings == 0 || self.rings > 64 {
            return refuse("rings", "give 1 to 64 rings");
        }
        match self.cut {
            Cut::Variance(fraction) if !(fraction > 0.0 && fraction < 1.0) => {
                refuse("cut", "give a fraction of the variance between 0 and 1")
            }
            Cut::Count(0) => refuse("cut", "keep at least one component"),
            _ => Ok(()),
        }
    }
}
