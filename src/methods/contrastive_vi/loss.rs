//! The loss of ContrastiveVI, term by term.

use serde::{Deserialize, Serialize};

use super::{ContrastiveVi, ContrastiveViOutput};
use crate::nn::counts::reconstruction;
use crate::nn::loss::{kl_from_variance, wasserstein_to_origin};
use crate::tensor::Tensor;

/// What the terms count for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContrastiveViWeights {
    /// The weight of all terms but the likelihood.
    pub kl: f64,
    /// The weight of the Wasserstein term among them.
    pub wasserstein: f64,
}

impl Default for ContrastiveViWeights {
    /// 1 and, as in the reference code, 0.
    fn default() -> Self {
        Self { kl: 1.0, wasserstein: 0.0 }
    }
}

/// The terms of `n` pairs of a control and a perturbed cell, in nats.
#[derive(Clone, Debug)]
pub struct ContrastiveViLoss {
    /// Minus the log-likelihood of each control cell, `n`.
    pub recon_background: Tensor<1>,
    /// Minus the log-likelihood of each perturbed cell, `n`.
    pub recon_target: Tensor<1>,
    /// `KL(q(z | x) || N(0, I))` of controls, `n`.
    pub kl_z_background: Tensor<1>,
    /// The same of perturbed cells, `n`.
    pub kl_z_target: Tensor<1>,
    /// `KL(q(s | x) || N(0, I))` of perturbed cells, `n`.
    pub kl_s_target: Tensor<1>,
    /// Squared distance of the controls' salient posteriors from 0, `n`.
    pub wasserstein_background: Tensor<1>,
    /// The mean over pairs of the weighted sum, one number.
    pub total: Tensor<1>,
}

impl ContrastiveVi {
    /// The loss of a step.
    pub fn loss(&self, output: &ContrastiveViOutput, weights: &ContrastiveViWeights) -> ContrastiveViLoss {
        let n = output.cells.len() / 2;
        let halves = |x: Tensor<1>| [x.clone().narrow(0, 0, n), x.narrow(0, n, n)];
        let rows = |x: &Tensor<2>, from: usize| x.clone().slice([from..from + n, 0..x.dims()[1]]);
        let [recon_background, recon_target] = halves(reconstruction(&output.cells, &output.decoded, self.px_r.val()));
        let (z, s) = (&output.z, &output.s);
        let [kl_z_background, kl_z_target] = halves(kl_from_variance(z.mean.clone(), z.var.clone(), None));
        let kl_s_target = kl_from_variance(rows(&s.mean, n), rows(&s.var, n), None);
        let wasserstein_background = wasserstein_to_origin(rows(&s.mean, 0), rows(&s.var, 0));
        let divergence = kl_z_background.clone()
            + kl_z_target.clone()
            + kl_s_target.clone()
            + wasserstein_background.clone() * weights.wasserstein;
        let total = (recon_background.clone() + recon_target.clone() + divergence * weights.kl).mean();
        ContrastiveViLoss {
            recon_background,
            recon_target,
            kl_z_background,
            kl_z_target,
            kl_s_target,
            wasserstein_background,
            total,
        }
    }
}
