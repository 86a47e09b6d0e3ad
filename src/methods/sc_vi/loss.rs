//! The loss of scVI, term by term.

use super::{ScVi, ScViOutput};
use crate::nn::counts::reconstruction;
use crate::nn::loss::kl_from_variance;
use crate::tensor::Tensor;

/// The terms, in nats.
#[derive(Clone, Debug)]
pub struct ScViLoss {
    /// Minus the log-likelihood of each cell, `n`.
    pub recon: Tensor<1>,
    /// `KL(q(z | x) || N(0, I))` of each cell, `n`.
    pub kl: Tensor<1>,
    /// `mean(recon + weight kl)`, one number.
    pub total: Tensor<1>,
}

impl ScVi {
    /// The loss of a step, with the KL term weighted.
    pub fn loss(&self, output: &ScViOutput, kl_weight: f64) -> ScViLoss {
        let recon = reconstruction(&output.cells, &output.decoded, self.px_r.val());
        let kl = kl_from_variance(output.posterior.mean.clone(), output.posterior.var.clone(), None);
        let total = (recon.clone() + kl.clone() * kl_weight).mean();
        ScViLoss { recon, kl, total }
    }
}
