//! Where the filter stops working: how well it finds the biased cells of simulated screens, as what is planted changes.

use serde::{Deserialize, Serialize};

use super::{FilterConfig, FilterInput, Filtered};
use crate::live::progress;
use crate::simulate::{CONTROL, PlantedBiasConfig, planted_bias};
use crate::tensor::Device;
use crate::train::Silent;
use crate::{Error, Result};

/// A power curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// What changes from level to level.
    pub what: String,
    /// How much of it there is.
    pub levels: Vec<f64>,
    /// At each level, the probability that a biased cell scores higher than another, for each seed.
    pub auroc: Vec<Vec<f64>>,
}

impl Power {
    /// Simulates a screen at each level, `seeds` times, filters it, and asks how well biased cells were found. `screen`
    /// says what a screen of a level is; its seed and the filter's are set here.
    ///
    /// ```
    /// use perturbook::methods::proximity::{FilterConfig, Power};
    /// use perturbook::simulate::PlantedBiasConfig;
    /// use perturbook::tensor::cpu;
    ///
    /// let few = PlantedBiasConfig { genes_per_arm: 10, dims: 16, ..PlantedBiasConfig::default() };
    /// let screen = |arm_effect| PlantedBiasConfig { arm_effect, ..few.clone() };
    /// let filter = FilterConfig { steps: 40, ..FilterConfig::quick() };
    /// let power = Power::measure("arm effect", &[3.0], 1, screen, &filter, &cpu())?;
    /// assert!(power.means()[0] > 0.6);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no level or seed, or a screen cannot be simulated or filtered.
    pub fn measure(
        what: &str,
        levels: &[f64],
        seeds: u64,
        screen: impl Fn(f64) -> PlantedBiasConfig,
        filter: &FilterConfig,
        device: &Device,
    ) -> Result<Self> {
        if levels.is_empty() || seeds == 0 {
            return Err(Error::new(format!("{} levels with {seeds} seeds", levels.len()))
                .at(format!("power over {what}"))
                .fix("give one of each or more"));
        }
        let mut auroc = Vec::with_capacity(levels.len());
        for &level in progress(what, levels) {
            let of = |seed| -> Result<f64> {
                let planted = planted_bias(&PlantedBiasConfig { seed, ..screen(level) })?;
                let input = FilterInput::of(planted.embedding, CONTROL)?;
                let filter = FilterConfig { seed, ..filter.clone() };
                let filtered = Filtered::fit(&input, &planted.truth.genome(), &filter, device, &mut Silent)?;
                Ok(filtered.roc(&planted.biased)?.auc)
            };
            auroc.push((0..seeds).map(of).collect::<Result<_>>()?);
        }
        Ok(Self { what: what.to_owned(), levels: levels.to_vec(), auroc })
    }

    /// The mean over seeds at each level.
    pub fn means(&self) -> Vec<f64> {
        self.auroc.iter().map(|of| of.iter().sum::<f64>() / of.len() as f64).collect()
    }
}
