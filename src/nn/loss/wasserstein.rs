//! Squared 2-Wasserstein distance between a diagonal normal distribution and the point 0.
//!
//! ```text
//! W(N(m, v), 0) = |m|^2 + sum of v
//! ```
//!
//! ContrastiveVI and Multi-ContrastiveVAE draw the salient posterior of control cells to 0 with it.

use super::row_sums;
use crate::tensor::Tensor;

/// The squared distance of each row: `n x d` means and variances to `n`.
///
/// ```
/// use perturbook::nn::loss::wasserstein_to_origin;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let (mean, variance) = ([[3.0, 4.0]], [[0.5, 0.25]]);
/// let [mean, variance] = [mean, variance].map(|v| Tensor::<2>::from_floats(v, &cpu()));
/// assert_eq!(wasserstein_to_origin(mean, variance).into_scalar(), 25.75);
/// ```
pub fn wasserstein_to_origin(mean: Tensor<2>, variance: Tensor<2>) -> Tensor<1> {
    row_sums(mean.powi_scalar(2) + variance)
}
