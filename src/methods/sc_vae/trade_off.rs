//! How strong should independence be? SC-VAE by several weights of HSIC, and what its spaces then know of perturbations.
//!
//! The larger the weight, the less the background should tell perturbed cells from controls; at some weight the salient
//! space and the reconstruction suffer as well.

use serde::{Deserialize, Serialize};

use super::{HsicWeight, Model, Settings};
use crate::evaluate::classification::AgainstControls;
use crate::methods::{Method, Plan, held_out_signals};
use crate::screen::Screen;
use crate::tensor::Device;
use crate::train::{Observer, Phase};
use crate::{Error, Result};

/// A model by one weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeOffPoint {
    /// How the weight was set.
    pub rule: HsicWeight,
    /// The weight of `n` HSIC in the last step; 0 where it was off.
    pub weight: f64,
    /// What the salient space knows of each perturbation.
    pub salient: AgainstControls,
    /// What the background knows.
    pub background: AgainstControls,
    /// Mean log-likelihood of a held-out cell's counts, in nats.
    pub log_likelihood: f64,
}

/// Models by several weights, in the order they were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeOff {
    /// One for each weight.
    pub points: Vec<TradeOffPoint>,
}

/// Trains a model by the same plan for each weight, one after the other, and measures it on the test cells of its split.
/// Runs with a folder each have a folder of their own in it, numbered from 0. A request to stop ends the list with the
/// model in hand.
///
/// # Errors
/// When no weight is given, the plan holds no test cells, or as [`Method::fit`].
pub fn trade_off(
    screen: &Screen,
    plan: &Plan<Settings>,
    weights: &[HsicWeight],
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<TradeOff> {
    if weights.is_empty() {
        return Err(Error::new("no weight was given").at("trade_off").fix("give at least one, such as Fixed(1.0)"));
    }
    let mut points = Vec::with_capacity(weights.len());
    for (number, &rule) in weights.iter().enumerate() {
        let mut plan = plan.clone();
        plan.settings.hsic = rule;
        plan.run.folder = plan.run.folder.map(|folder| folder.join(number.to_string()));
        let model = Model::fit(screen, &plan, device, observer)?;
        points.push(point(&model, screen)?);
        if observer.stopped() {
            break;
        }
    }
    Ok(TradeOff { points })
}

/// What a model's spaces know.
fn point(model: &Model, screen: &Screen) -> Result<TradeOffPoint> {
    let split = model.split(screen)?;
    let mut known = held_out_signals(&split, |cells| model.embed(cells))?;
    let mut space = |name: &str| {
        let at = known.iter().position(|(block, _)| block == name);
        at.map(|at| known.swap_remove(at).1).ok_or_else(|| Error::new(format!("there is no block {name:?}")))
    };
    let (salient, background) = (space("salient")?, space("background")?);
    let likelihoods = model.log_likelihoods(&split.test)?;
    Ok(TradeOffPoint {
        rule: model.plan().settings.hsic,
        weight: model.history().last(Phase::Training, "hsic_weight").unwrap_or(0.0),
        salient,
        background,
        log_likelihood: likelihoods.iter().sum::<f64>() / likelihoods.len() as f64,
    })
}
