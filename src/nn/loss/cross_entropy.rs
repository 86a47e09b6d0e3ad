//! How surprised a classifier is by the true classes.
//!
//! ```text
//! -ln softmax(logits)[label],    one number per row
//! ```

use burn::tensor::Int;
use burn::tensor::activation::log_softmax;

use crate::tensor::{Backend, Tensor};

/// Minus the log-probability of each row's label: `n x classes` and `n` to `n`, in nats.
///
/// ```
/// use perturbook::nn::loss::cross_entropy;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let labels = burn::Tensor::from_ints([2], &cpu());
/// let loss = cross_entropy(Tensor::<2>::zeros([1, 4], &cpu()), labels);
/// assert!((loss.into_scalar() - 4f32.ln()).abs() < 1e-6); // four equal classes
/// ```
pub fn cross_entropy(logits: Tensor<2>, labels: burn::Tensor<Backend, 1, Int>) -> Tensor<1> {
    log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).squeeze_dim::<1>(1).neg()
}
