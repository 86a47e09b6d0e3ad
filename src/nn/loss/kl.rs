//! Kullback-Leibler divergence of a diagonal normal distribution from one of variance 1.
//!
//! ```text
//! KL(N(m, v) || N(prior, 1)) = sum over dimensions of (v + (m - prior)^2 - 1 - ln v) / 2
//! ```
//!
//! Networks of counts give the variance (scVI, ContrastiveVI, SC-VAE), those of images its logarithm
//! (Multi-ContrastiveVAE, whose prior means are learned for each perturbation).

use super::row_sums;
use crate::tensor::Tensor;

/// The divergence of each row, given variances: `n x d` to `n`, in nats. Without a prior its mean is 0.
///
/// ```
/// use perturbook::nn::loss::kl_from_variance;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let one = Tensor::<2>::ones([1, 1], &cpu());
/// assert_eq!(kl_from_variance(one.clone(), one, None).into_scalar(), 0.5);
/// ```
pub fn kl_from_variance(mean: Tensor<2>, variance: Tensor<2>, prior_mean: Option<Tensor<2>>) -> Tensor<1> {
    let log_variance = variance.clone().log();
    divergence(mean, variance, log_variance, prior_mean)
}

/// The same, given logarithms of variances.
///
/// ```
/// use perturbook::nn::loss::kl_from_log_variance;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let [mean, prior] = [3.0, 1.0].map(|v| Tensor::<2>::full([1, 1], v, &cpu()));
/// let kl = kl_from_log_variance(mean, Tensor::zeros([1, 1], &cpu()), Some(prior));
/// assert_eq!(kl.into_scalar(), 2.0); // (3 - 1)^2 / 2
/// ```
pub fn kl_from_log_variance(mean: Tensor<2>, log_variance: Tensor<2>, prior_mean: Option<Tensor<2>>) -> Tensor<1> {
    divergence(mean, log_variance.clone().exp(), log_variance, prior_mean)
}

fn divergence(
    mean: Tensor<2>,
    variance: Tensor<2>,
    log_variance: Tensor<2>,
    prior_mean: Option<Tensor<2>>,
) -> Tensor<1> {
    let apart = match prior_mean {
        Some(prior) => mean - prior,
        None => mean,
    };
    row_sums(variance + apart.powi_scalar(2) - log_variance - 1.0) * 0.5
}
