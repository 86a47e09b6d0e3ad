//! The terms of the loss of Multi-ContrastiveVAE and of the variational autoencoders it is compared with, each summed over
//! dimensions or pixels, one number for each image.
//!
//! ```text
//! NLL    sum over pixels of ((x - x') / sigma)^2 / 2 + ln sigma + ln(2 pi) / 2,   sigma = exp(log scale)
//! KL     sum over dimensions of (s^2 + (m - mu)^2 - 1 - ln s^2) / 2
//! W      |m|^2 + sum of s^2: squared 2-Wasserstein distance of a posterior to a point at 0
//! ```

use std::f64::consts::PI;

use super::Posterior;
use crate::tensor::Tensor;

/// Negative log likelihood of images around their reconstructions; `log_scale` is one number.
pub fn gaussian_nll(images: Tensor<4>, reconstructions: Tensor<4>, log_scale: Tensor<1>) -> Tensor<1> {
    let pixels = images.dims()[1..].iter().product::<usize>() as f64;
    let apart: Tensor<2> = (images - reconstructions).powi_scalar(2).flatten(1, 3);
    let squares: Tensor<1> = apart.sum_dim(1).squeeze_dim(1);
    squares * (log_scale.clone() * -2.0).exp() * 0.5 + (log_scale + 0.5 * (2.0 * PI).ln()) * pixels
}

/// Divergence of posteriors from priors of variance 1 with these means, or with mean 0.
pub fn kl(posterior: &Posterior, prior: Option<Tensor<2>>) -> Tensor<1> {
    let log_variance = posterior.floored();
    let mean = match prior {
        Some(prior) => posterior.mean.clone() - prior,
        None => posterior.mean.clone(),
    };
    let terms = log_variance.clone().exp() + mean.powi_scalar(2) - log_variance - 1.0;
    (terms * 0.5).sum_dim(1).squeeze_dim(1)
}

/// Squared 2-Wasserstein distance of posteriors to a point at 0.
pub fn wasserstein_to_zero(posterior: &Posterior) -> Tensor<1> {
    (posterior.mean.clone().powi_scalar(2) + posterior.floored().exp()).sum_dim(1).squeeze_dim(1)
}
