//! The experiment of Figure 6: the same matrix of means shifted under either prior on its rows.
//!
//! ```text
//! M = sqrt(0.2) c + sqrt(0.8) e_k,   c, e_k ~ N(0, I_d): rows correlate by 0.2
//! theta by Adam on the objective of the prior; recorded is what rows have in common, see common_part
//! ```

use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{RowPrior, Shift, common_part};
use crate::tensor::{Device, Tensor, cpu};
use crate::train::{Adam, AdamConfig, NamedGradients, Purpose, stream};
use crate::{Error, Result};

/// Sizes and steps; the paper gives none (register of section 1.7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SenseCheckConfig {
    /// Rows.
    pub genes: usize,
    /// Columns.
    pub dims: usize,
    /// The correlation of rows.
    pub correlation: f64,
    /// The largest shift, p_w.
    pub weight: f64,
    /// What keeps the covariance of centred rows invertible.
    pub epsilon: f64,
    /// Steps of Adam.
    pub steps: u64,
    /// Its learning rate.
    pub rate: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for SenseCheckConfig {
    fn default() -> Self {
        Self { genes: 20, dims: 64, correlation: 0.2, weight: 0.1, epsilon: 1e-2, steps: 500, rate: 1e-2, seed: 0 }
    }
}

/// What rows have in common, step by step, under both priors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SenseCheck {
    /// Under the prior of centred rows: before the first step and after each.
    pub centred: Vec<f64>,
    /// Under the prior of independent rows.
    pub identity: Vec<f64>,
}

/// Runs the experiment, on the CPU.
///
/// ```
/// use perturbook::methods::proximity::{SenseCheckConfig, sense_check};
///
/// let check = sense_check(&SenseCheckConfig { steps: 40, ..SenseCheckConfig::default() })?;
/// let fall = |curve: &[f64]| curve[0] - curve[40];
/// assert!(fall(&check.centred) > 2.0 * fall(&check.identity));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two rows, no column, or a correlation outside of 0 to 1.
pub fn sense_check(config: &SenseCheckConfig) -> Result<SenseCheck> {
    if config.genes < 2 || config.dims == 0 || !(0.0..=1.0).contains(&config.correlation) {
        return Err(Error::new(format!(
            "{} rows of {} numbers that correlate by {} cannot be drawn",
            config.genes, config.dims, config.correlation
        ))
        .fix("give two rows or more, one column or more, and a correlation from 0 to 1"));
    }
    let mut rng = stream(config.seed, Purpose::Weights, 0);
    let mut draw = |n: usize| (0..n).map(|_| rng.sample::<f64, _>(StandardNormal)).collect::<Vec<f64>>();
    let (common, own) = (draw(config.dims), draw(config.genes * config.dims));
    let (shared, alone) = (config.correlation.sqrt(), (1.0 - config.correlation).sqrt());
    let means: Vec<f32> =
        own.iter().enumerate().map(|(i, e)| (shared * common[i % config.dims] + alone * e) as f32).collect();
    let run = |prior: RowPrior| {
        let device = Device::autodiff(cpu());
        let of = |values: &[f32]| Tensor::<1>::from_floats(values, &device).reshape([config.genes, config.dims]);
        let (means, mut curve) = (of(&means), Vec::with_capacity(config.steps as usize + 1));
        let mut shift = Shift::new(Tensor::zeros([config.genes, config.dims], &device), config.weight);
        let mut adam = Adam::new(AdamConfig { rate: config.rate, ..AdamConfig::default() });
        for _ in 0..config.steps {
            let shifted = shift.of(means.clone());
            curve.push(common_part(shifted.clone())[0]);
            let gradients = NamedGradients::of(&shift, &prior.objective(shifted).backward());
            shift = adam.step(shift, &gradients);
        }
        curve.push(common_part(shift.of(means))[0]);
        curve
    };
    Ok(SenseCheck { centred: run(RowPrior::Centred { epsilon: config.epsilon }), identity: run(RowPrior::Identity) })
}
