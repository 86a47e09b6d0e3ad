//! The objective of SC-VAE, term by term.

use serde::{Deserialize, Serialize};

use super::{ScVae, ScVaeOutput};
use crate::nn::counts::reconstruction;
use crate::nn::loss::{Bandwidth, cross_entropy, hsic_times_n, kl_from_variance};
use crate::tensor::Tensor;

/// What of two spaces HSIC compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HsicOf {
    /// Draws of the posteriors, whose noise hides weak dependence.
    #[default]
    Draws,
    /// Their means, as the code of Multi-ContrastiveVAE's authors does.
    Means,
}

/// What the terms count for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScVaeWeights {
    /// The weight of both KL terms.
    pub kl: f64,
    /// The weight of the classifier's surprise; 0 leaves the perturbation out.
    pub classification: f64,
    /// The weight of `n` HSIC, lambda; without one it is not computed.
    pub hsic: Option<f64>,
    /// What HSIC compares.
    pub hsic_of: HsicOf,
    /// The kernels' widths.
    pub bandwidth: Bandwidth,
}

impl Default for ScVaeWeights {
    /// KL terms and classifier in full, no HSIC: its weight depends on the data, it should make both of one size.
    fn default() -> Self {
        Self { kl: 1.0, classification: 1.0, hsic: None, hsic_of: HsicOf::Draws, bandwidth: Bandwidth::Median }
    }
}

/// The terms of `n` cells, in nats.
#[derive(Clone, Debug)]
pub struct ScVaeLoss {
    /// Minus the log-likelihood of each cell's counts, `n`.
    pub recon: Tensor<1>,
    /// Minus the log-probability of each cell's class, `n`.
    pub cross_entropy: Tensor<1>,
    /// `KL(q(z | x) || N(0, I))` of each cell, `n`.
    pub kl_z: Tensor<1>,
    /// `KL(q(s | x) || N(0, I))` of each cell, `n`.
    pub kl_s: Tensor<1>,
    /// What is maximised, for each cell: minus the weighted sum of the above, `n`.
    pub objective: Tensor<1>,
    /// `n` HSIC of `z` and `s`, one number.
    pub hsic_times_n: Option<Tensor<1>>,
    /// `-mean(objective) + lambda n HSIC`, one number.
    pub total: Tensor<1>,
}

impl ScVae {
    /// The loss of a step.
    pub fn loss(&self, output: &ScVaeOutput, weights: &ScVaeWeights) -> ScVaeLoss {
        let recon = reconstruction(&output.cells, &output.decoded, self.px_r.val());
        let cross_entropy = cross_entropy(output.logits.clone(), output.labels.clone());
        let [kl_z, kl_s] = [&output.z, &output.s].map(|q| kl_from_variance(q.mean.clone(), q.var.clone(), None));
        let divergence = (kl_z.clone() + kl_s.clone()) * weights.kl;
        let surprise = cross_entropy.clone() * weights.classification;
        let objective = (recon.clone() + surprise + divergence).neg();
        let elbo = objective.clone().mean();
        let (hsic_times_n, total) = match weights.hsic {
            None => (None, elbo.neg()),
            Some(lambda) => {
                let [z, s] = match weights.hsic_of {
                    HsicOf::Draws => [&output.z_sample, &output.s_sample],
                    HsicOf::Means => [&output.z.mean, &output.s.mean],
                };
                let shared = hsic_times_n(z.clone(), s.clone(), weights.bandwidth);
                (Some(shared.clone()), shared * lambda - elbo)
            }
        };
        ScVaeLoss { recon, cross_entropy, kl_z, kl_s, objective, hsic_times_n, total }
    }
}
