//! Kullback-Leibler divergence of a diagonal normal distribution from another, whose variance is 1 unless it is given.
//!
//! ```text
//! KL(N(m, v) || N(prior, 1)) = sum over dimensions of (v + (m - prior)^2 - 1 - ln v) / 2
//! KL(N(m, v) || N(prior, w)) = sum over dimensions of (v / w + (m - prior)^2 / w - 1 - ln(v / w)) / 2
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

/// The divergence from a normal distribution of any mean and variance, all `n x d`, given logarithms of variances.
///
/// ```
/// use perturbook::nn::loss::kl_to_normal;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let [zero, log_variance] = [0.0, 4f32.ln()].map(|v| Tensor::<2>::full([1, 1], v, &cpu()));
/// let kl = kl_to_normal(zero.clone(), zero.clone(), zero, log_variance).into_scalar();
/// assert!((kl - (0.25 - 1.0 + 4f32.ln()) / 2.0).abs() < 1e-6);
/// ```
pub fn kl_to_normal(
    mean: Tensor<2>,
    log_variance: Tensor<2>,
    prior_mean: Tensor<2>,
    prior_log_variance: Tensor<2>,
) -> Tensor<1> {
    let apart = (mean - prior_mean).powi_scalar(2) * prior_log_variance.clone().neg().exp();
    let log_ratio = log_variance - prior_log_variance;
    row_sums(log_ratio.clone().exp() + apart - log_ratio - 1.0) * 0.5
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
