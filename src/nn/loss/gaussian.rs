//! Likelihood of images under a normal distribution whose width is learned (Multi-ContrastiveVAE, Wang et al. 2023).
//!
//! ```text
//! NLL = sum over pixels of ((x - y) / sigma)^2 / 2 + ln sigma + ln(2 pi)/2,    sigma = exp(log_scale)
//! ```

use super::row_sums;
use crate::nn::lgamma::HALF_LN_TWO_PI;
use crate::tensor::Tensor;

/// Minus the log-likelihood of each item, summed over all its numbers: `n x ...` and the same to `n`, in nats.
///
/// `log_scale` is one number for all.
///
/// ```
/// use perturbook::nn::loss::gaussian_nll;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let (x, y) = (Tensor::<2>::from_floats([[1.0, 3.0]], &cpu()), Tensor::zeros([1, 2], &cpu()));
/// let nll = gaussian_nll(x, y, Tensor::zeros([1], &cpu())).into_scalar();
/// assert!((nll - 6.837_877).abs() < 1e-5); // (1 + 9) / 2 + ln(2 pi)
/// ```
pub fn gaussian_nll<const D: usize>(x: Tensor<D>, reconstruction: Tensor<D>, log_scale: Tensor<1>) -> Tensor<1> {
    let shape = x.dims();
    let (items, pixels) = (shape[0], shape[1..].iter().product::<usize>());
    let apart = row_sums((x - reconstruction).reshape([items, pixels]).powi_scalar(2));
    let precision = (log_scale.clone() * -2.0).exp();
    apart * precision * 0.5 + (log_scale + HALF_LN_TWO_PI) * pixels as f64
}
