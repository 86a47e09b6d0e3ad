//! How well decoded means explain the counts.

use serde::{Deserialize, Serialize};

use super::{Cells, Decoded};
use crate::nn::loss::{negative_binomial, row_sums, zero_inflated_negative_binomial};
use crate::tensor::Tensor;

/// The distribution of a count. SC-VAE's text has the negative binomial one; the reference code of scVI and ContrastiveVI
/// adds zeros by default. To be compared, methods need the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelihood {
    /// Negative binomial.
    #[default]
    NegativeBinomial,
    /// Negative binomial with additional zeros.
    ZeroInflated,
}

/// Minus the log-likelihood of each cell, summed over genes, in nats: `n`. `log_dispersion` is one number per gene, the
/// logarithm of the inverse dispersion.
pub(crate) fn reconstruction(cells: &Cells, decoded: &Decoded, log_dispersion: Tensor<1>) -> Tensor<1> {
    let (counts, rate, dispersion) = (cells.counts.clone(), decoded.rate.clone(), log_dispersion.exp().unsqueeze());
    let logs = match decoded.dropout_logit.clone() {
        None => negative_binomial(counts, rate, dispersion),
        Some(logit) => zero_inflated_negative_binomial(counts, rate, dispersion, logit),
    };
    row_sums(logs).neg()
}
